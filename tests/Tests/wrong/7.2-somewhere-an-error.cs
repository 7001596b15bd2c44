// Says: the user was told 404
// Exercise 7.2: ask the backend
var traces72 = backend72.Traces;

string slowest72 = traces72.MaxBy(trace => trace.Duration).TraceId;
string failed72 = traces72.First(trace => trace.HasErrors).TraceId;

Exercise72.Check(backend72, slowest72, failed72)
