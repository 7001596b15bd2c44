// Says: does not call
// Exercise 5.2: find the lost header
var answer52 = await shop.LetThroughAsync(from: "user-service", to: "warehouse", "traceparent");

Exercise52.Check(answer52)
