// Says: failed in 0 of 300 pages before the deployment, and in 0 of 300 after it
// Exercise 10.1: why are pages slower that are answered with 200?
var answer101 = (Service: "user-service", Operation: "SELECT orders articles", Kind: CauseKind.FailsMoreOften, TraceId: Typical(after, "7").TraceId);

Exercise101.Check(pages, answer101)
