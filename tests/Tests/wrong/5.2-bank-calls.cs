// Says: The bank calls none of these services
// Exercise 5.2: find the lost header
var answer52 = await shop.LetThroughAsync(from: "bank", to: "payment-service", "traceparent");

Exercise52.Check(answer52)
