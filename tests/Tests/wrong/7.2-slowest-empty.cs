// Says: slowest72 is still empty
// Exercise 7.2: ask the backend
var traces72 = backend72.Traces;

string slowest72 = "";
string failed72 = traces72.Single(trace => trace.Root.Status == ActivityStatusCode.Error).TraceId;

Exercise72.Check(backend72, slowest72, failed72)
