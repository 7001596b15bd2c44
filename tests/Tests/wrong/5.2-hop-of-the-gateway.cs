// Says: Nothing is lost between api-gateway and user-service
// Exercise 5.2: find the lost header
var answer52 = await shop.LetThroughAsync(from: "api-gateway", to: "user-service", "traceparent");

Exercise52.Check(answer52)
