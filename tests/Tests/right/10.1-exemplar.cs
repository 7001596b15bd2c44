// Exercise 10.1: why are pages slower that are answered with 200?
var answer101 = (Service: "user-service", Operation: "SELECT orders articles", Kind: CauseKind.SlowerWork, TraceId: exemplar.TraceId);

Exercise101.Check(pages, answer101)
