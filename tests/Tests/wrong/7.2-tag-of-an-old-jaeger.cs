// Says: No span of api-gateway has otel.status_code=ERROR, and no other span has it. Which tag means the status Error?
// Exercise 7.2: one request among forty
var search72 = new TraceSearch(Service: "api-gateway")
{
    Operation = "GET /profile/{id}",
    Tags = "otel.status_code=ERROR",
    MinDuration = TimeSpan.FromMilliseconds(500),
};

Exercise72.Check(backend72, search72)
