// Says: Nothing ran at the same time as 'GET' before
// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "api-gateway", Operation: "GET", Kind: CauseKind.NoLongerParallel, TraceId: Typical(after, "13").TraceId);

Exercise102.Check(pages, answer102)
