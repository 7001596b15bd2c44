// Says: There is no service 'probe' here
// Exercise 5.2: find the lost header
var answer52 = await shop.LetThroughAsync(from: "probe", to: "payment-service", "traceparent");

Exercise52.Check(answer52)
