// Says: No span of payment-service lasted at least
// Exercise 7.2: one request among forty
var search72 = new TraceSearch(Service: "payment-service")
{
    Tags = "error=true",
    MinDuration = TimeSpan.FromMilliseconds(500),
};

Exercise72.Check(backend72, search72)
