// Says: No service is called 'gateway'
// Exercise 7.2: one request among forty
var search72 = new TraceSearch(Service: "gateway")
{
    Operation = "GET /profile/{id}",
    Tags = "error=true",
    MinDuration = TimeSpan.FromMilliseconds(500),
};

Exercise72.Check(backend72, search72)
