// Says: It lets tracestate, baggage through now, and the trace is still cut
// Exercise 5.2: find the lost header
var answer52 = await shop.LetThroughAsync(from: "warehouse", to: "user-service", "tracestate", "baggage");

Exercise52.Check(answer52)
