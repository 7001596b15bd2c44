// Says: and not the one of a page that was slow and failed
// Exercise 7.2: one request among forty
var search72 = new TraceSearch(Service: "api-gateway")
{
    Operation = "GET /profile/{id}",
    Tags = "error=true",
    MaxDuration = TimeSpan.FromMilliseconds(500),
};

Exercise72.Check(backend72, search72)
