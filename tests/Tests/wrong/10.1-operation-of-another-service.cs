// Says: Another service has one.
// Exercise 10.1: why are pages slower that are answered with 200?
var answer101 = (Service: "api-gateway", Operation: "SELECT orders articles", Kind: CauseKind.SlowerWork, TraceId: Typical(after, "7").TraceId);

Exercise101.Check(pages, answer101)
