// Says: most of that time is somewhere else
// Exercise 10.1: why are pages slower that are answered with 200?
var answer101 = (Service: "payment-service", Operation: "GET /payments/{userId}", Kind: CauseKind.SlowerWork, TraceId: Typical(after, "7").TraceId);

Exercise101.Check(pages, answer101)
