// Says: It also finds a page that was answered with 200
// Exercise 7.2: one request among forty
var search72 = new TraceSearch(Service: "api-gateway")
{
    Operation = "GET /profile/{id}",
    MinDuration = TimeSpan.FromMilliseconds(500),
};

Exercise72.Check(backend72, search72)
