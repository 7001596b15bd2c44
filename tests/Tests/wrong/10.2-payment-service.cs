// Says: Each run does the same as before, and it is only called more often.
// Exercise 10.2: why do failing pages take longer still?
var answer102 = (Service: "payment-service", Operation: "GET /payments/{userId}", Kind: CauseKind.Retries, TraceId: Typical(after, "13").TraceId);

Exercise102.Check(pages, answer102)
