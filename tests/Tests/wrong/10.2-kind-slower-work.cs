// Says: The time comes from the runs that were not there before.
// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "api-gateway", Operation: "GET", Kind: CauseKind.SlowerWork, TraceId: Typical(after, "13").TraceId);

Exercise102.Check(pages, answer102)
