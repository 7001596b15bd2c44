// Says: Something else explains more.
// Exercise 10.1: why are pages slower that are answered with 200?
var answer101 = (Service: "user-service", Operation: "SELECT coupons", Kind: CauseKind.CallPerItem, TraceId: Typical(after, "7").TraceId);

Exercise101.Check(pages, answer101)
