// Says: is a page of version 1.6.0
// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "api-gateway", Operation: "GET", Kind: CauseKind.Retries, TraceId: Typical(before, "13").TraceId);

Exercise102.Check(pages, answer102)
