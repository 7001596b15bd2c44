// Says: failed in 60 of 300 pages before the deployment, and in 60 of 300 after it
// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "api-gateway", Operation: "GET", Kind: CauseKind.FailsMoreOften, TraceId: Typical(after, "13").TraceId);

Exercise102.Check(pages, answer102)
