// Says: The operation is right. Now say which kind
// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "api-gateway", Operation: "GET", Kind: CauseKind.NotSaid, TraceId: Typical(after, "13").TraceId);

Exercise102.Check(pages, answer102)
