// Says: the backend has no trace with this id
// Exercise 7.2: ask the backend
var traces72 = backend72.Traces;

string slowest72 = "0af7651916cd43dd8448eb211c80319c";
string failed72 = traces72.Single(trace => trace.Root.Status == ActivityStatusCode.Error).TraceId;

Exercise72.Check(backend72, slowest72, failed72)
