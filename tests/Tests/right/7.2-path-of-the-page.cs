// Exercise 7.2: one request among forty
var search72 = new TraceSearch(Service: "api-gateway")
{
    Tags = "error=true url.path=/profile/13",
    MinDuration = TimeSpan.FromMilliseconds(500),
};

Exercise72.Check(backend72, search72)
