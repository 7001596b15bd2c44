// Says: was not drawn in this notebook, and evidence is a trace that you have read
// Exercise 10.1: why are pages slower that are answered with 200?
var answer101 = (Service: "user-service", Operation: "SELECT orders articles", Kind: CauseKind.SlowerWork, TraceId: after.Last(p => Answer(p) == 200 && User(p) is not ("7" or "13") && p != exemplar).TraceId);

Exercise101.Check(pages, answer101)
