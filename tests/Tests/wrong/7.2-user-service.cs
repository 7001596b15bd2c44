// Says: No span of user-service has error=true. Whose spans failed?
// Exercise 7.2: one request among forty
var search72 = new TraceSearch(Service: "user-service")
{
    Tags = "error=true",
    MinDuration = TimeSpan.FromMilliseconds(500),
};

Exercise72.Check(backend72, search72)
