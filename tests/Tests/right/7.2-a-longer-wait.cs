// Exercise 7.2: one request among forty
var search72 = new TraceSearch(Service: "api-gateway")
{
    Operation = "GET /profile/{id}",
    Tags = "error.type=502",
    MinDuration = TimeSpan.FromSeconds(0.6),
};

Exercise72.Check(backend72, search72)
