// Says: is a page of version 1.6.0
// Exercise 10.1: why are pages slower that are answered with 200?
var answer101 = (Service: "user-service", Operation: "SELECT orders articles", Kind: CauseKind.SlowerWork, TraceId: Typical(before, "7").TraceId);

Exercise101.Check(pages, answer101)
