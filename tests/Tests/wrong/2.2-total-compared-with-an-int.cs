// Says: compares with an int, and never matches a double
// Exercise 2.2: find the slow order
var morning22 = OrdersOfTheMorning.Traces;
var fitting22 = morning22.Where(trace => trace.Root["shop.user.plan"] is "business" && trace.Root["shop.order.total"] is > 500);

var order22 = "A-2031";
var step22 = "reserve articles";

Exercise22.Check(morning22, fitting22, order22, step22)
