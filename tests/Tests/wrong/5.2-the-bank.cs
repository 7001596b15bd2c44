// Says: the bank is another company
// Exercise 5.2: find the lost header
var answer52 = await shop.LetThroughAsync(from: "payment-service", to: "bank", "traceparent");

Exercise52.Check(answer52)
