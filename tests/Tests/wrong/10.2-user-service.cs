// Says: So it slows all pages.
// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "user-service", Operation: "GET /users/{id}", Kind: CauseKind.SlowerWork, TraceId: Typical(after, "13").TraceId);

Exercise102.Check(pages, answer102)
