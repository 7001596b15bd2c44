// Says: the form does not search for a failure
// Exercise 7.2: one request among forty
var search72 = new TraceSearch(Service: "api-gateway") { Limit = 100 };

Exercise72.Check(backend72, search72)
