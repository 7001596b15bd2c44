// Exercise 10.1: why are pages slower that are answered with 200?
var answer101 = (Service: "user-service", Operation: "SELECT orders articles", Kind: CauseKind.SlowerWork, TraceId: after.Where(p => Answer(p) == 200).MaxBy(p => p.Duration).TraceId);

Exercise101.Check(pages, answer101)
