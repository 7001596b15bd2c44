// Says: orders never calls user-service
// Exercise 5.2: find the lost header
var answer52 = await shop.LetThroughAsync(from: "orders", to: "user-service", "traceparent");

Exercise52.Check(answer52)
