// Says: of that is its self time. It waits for others
// Exercise 10.1: why are pages slower that are answered with 200?
var answer101 = (Service: "user-service", Operation: "GET /users/{id}", Kind: CauseKind.SlowerWork, TraceId: Typical(after, "7").TraceId);

Exercise101.Check(pages, answer101)
