// Exercise 5.2: find the lost header
var answer52 = await shop.LetThroughAsync(from: "warehouse", to: "user-service", new[] { "TraceParent" });

Exercise52.Check(answer52)
