// Says: was not drawn in this notebook, and evidence is a trace that you have read
// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "api-gateway", Operation: "GET", Kind: CauseKind.Retries, TraceId: after.Last(p => Answer(p) == 502 && User(p) is not ("7" or "13")).TraceId);

Exercise102.Check(pages, answer102)
