// Says: A loop over items does not depend on failures.
// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "api-gateway", Operation: "GET", Kind: CauseKind.CallPerItem, TraceId: Typical(after, "13").TraceId);

Exercise102.Check(pages, answer102)
