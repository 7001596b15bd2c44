// Says: It also finds a page that does not exist
// Exercise 7.2: one request among forty
var search72 = new TraceSearch(Service: "api-gateway")
{
    Tags = "error=true",
};

Exercise72.Check(backend72, search72)
