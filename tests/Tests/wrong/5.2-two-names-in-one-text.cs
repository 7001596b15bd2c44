// Says: quotes of its own
// Exercise 5.2: find the lost header
var answer52 = await shop.LetThroughAsync("warehouse", "user-service", "traceparent, tracestate");

Exercise52.Check(answer52)
