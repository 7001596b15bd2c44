// Says: most of that time is somewhere else
// Exercise 10.1: why are pages slower that are answered with 200?
var slow101 = after.Where(p => Answer(p) == 200).MaxBy(p => p.Duration);

var answer101 = (Service: "payment-service", Operation: "GET /payments/{userId}", TraceId: slow101.TraceId);

SideBySide.Of(Typical(before, User(slow101), Answer(slow101)), slow101, "typical, 1.4.2", "suspicious").Display();

Exercise101.Check(pages, answer101)
