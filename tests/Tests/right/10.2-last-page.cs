// Exercise 10.2: why do failing pages take longer still?
var slow102 = after.Last(p => Answer(p) == 502);

var answer102 = (Service: "api-gateway", Operation: "GET", Attribute: "http.request.resend_count", TraceId: slow102.TraceId);

SideBySide.Of(Typical(before, User(slow102), Answer(slow102)), slow102, "typical, 1.4.2", "suspicious").Display();

Exercise102.Check(pages, answer102)
