// Says: The name has the route in it, and no number
// Exercise 7.2: one request among forty
var search72 = new TraceSearch(Service: "api-gateway")
{
    Operation = "GET /profile/13",
    Tags = "error=true",
    MinDuration = TimeSpan.FromMilliseconds(500),
};

Exercise72.Check(backend72, search72)
