// Says: Another service has one.
// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "api-gateway", Operation: "GET /payments/{userId}", Kind: CauseKind.Retries, TraceId: Typical(after, "13").TraceId);

Exercise102.Check(pages, answer102)
