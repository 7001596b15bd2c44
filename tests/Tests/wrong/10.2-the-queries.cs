// Says: So it slows all pages
// Exercise 10.2: why do failing pages take longer still?
var slow102 = after.Where(p => Answer(p) == 502).MaxBy(p => p.Duration);

var answer102 = (Service: "user-service", Operation: "SELECT articles", Attribute: "db.query.text", TraceId: slow102.TraceId);

SideBySide.Of(Typical(before, User(slow102), Answer(slow102)), slow102, "typical, 1.4.2", "suspicious").Display();

Exercise102.Check(pages, answer102)
