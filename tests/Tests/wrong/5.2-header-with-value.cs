// Says: lets a header through by its name alone
// Exercise 5.2: find the lost header
var answer52 = await shop.LetThroughAsync(from: "warehouse", to: "user-service", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

Exercise52.Check(answer52)
