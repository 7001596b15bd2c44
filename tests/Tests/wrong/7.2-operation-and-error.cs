// Says: It also finds a page that failed after
// Exercise 7.2: one request among forty
var search72 = new TraceSearch(Service: "api-gateway")
{
    Operation = "GET /profile/{id}",
    Tags = "error=true",
};

Exercise72.Check(backend72, search72)
