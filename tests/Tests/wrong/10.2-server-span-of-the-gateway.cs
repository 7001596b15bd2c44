// Says: It waits for others
// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "api-gateway", Operation: "GET /profile/{id}", Kind: CauseKind.SlowerWork, TraceId: Typical(after, "13").TraceId);

Exercise102.Check(pages, answer102)
