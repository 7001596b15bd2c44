// Exercise 7.2: ask the backend
var traces72 = backend72.Traces;

string slowest72 = traces72.OrderByDescending(trace => trace.Duration).First().TraceId;
string failed72 = traces72.First(trace => trace.Root["http.response.status_code"] is >= 500L or >= 500).TraceId;

Exercise72.Check(backend72, slowest72, failed72)
