// Says: was answered with 200
// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "api-gateway", Operation: "GET", Kind: CauseKind.Retries, TraceId: Typical(after, "7").TraceId);

Exercise102.Check(pages, answer102)
