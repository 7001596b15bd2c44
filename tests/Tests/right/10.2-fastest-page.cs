// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "api-gateway", Operation: "GET", Kind: CauseKind.Retries, TraceId: after.Where(p => Answer(p) == 502).MinBy(p => p.Duration).TraceId);

Exercise102.Check(pages, answer102)
