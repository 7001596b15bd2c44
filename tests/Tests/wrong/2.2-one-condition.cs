// Says: It also keeps A-20
// Exercise 2.2: find the slow order
var morning22 = OrdersOfTheMorning.Traces;
var fitting22 = morning22.Where(trace => trace.Root["shop.user.plan"] is "business");

var order22 = "A-2031";
var step22 = "reserve articles";

Exercise22.Check(morning22, fitting22, order22, step22)
