// Says: Nothing has changed yet
// Exercise 5.2: find the lost header
var answer52 = await shop.LetThroughAsync(from: "warehouse", to: "", "traceparent");

Exercise52.Check(answer52)
