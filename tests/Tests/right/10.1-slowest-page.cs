// Exercise 10.1: why are pages slower that are answered with 200?
var page10 = after.Where(p => Answer(p) == 200).MaxBy(p => p.Duration);
Waterfall.Of(page10).Display();
var answer101 = (Service: "user-service", Operation: "SELECT orders articles", Kind: CauseKind.SlowerWork, TraceId: page10.TraceId);

Exercise101.Check(pages, answer101)
