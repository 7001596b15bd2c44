// Exercise 10.2: why do failing pages take longer still?
var page10 = after.Where(p => Answer(p) == 502).MinBy(p => p.Duration);
Waterfall.Of(page10).Display();
var answer102 = (Service: "api-gateway", Operation: "GET", Kind: CauseKind.Retries, TraceId: page10.TraceId);

Exercise102.Check(pages, answer102)
