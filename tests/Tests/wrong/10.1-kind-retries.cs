// Says: and once in yours. Nothing is run again.
// Exercise 10.1: why are pages slower that are answered with 200?
var answer101 = (Service: "user-service", Operation: "SELECT orders articles", Kind: CauseKind.Retries, TraceId: Typical(after, "7").TraceId);

Exercise101.Check(pages, answer101)
