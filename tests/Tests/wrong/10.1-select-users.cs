// Says: the same user's page before the deployment, 'SELECT users' took
// Exercise 10.1: why are pages slower that are answered with 200?
var answer101 = (Service: "user-service", Operation: "SELECT users", Kind: CauseKind.SlowerWork, TraceId: Typical(after, "7").TraceId);

Exercise101.Check(pages, answer101)
