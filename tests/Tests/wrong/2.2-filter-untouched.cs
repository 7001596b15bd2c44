// Says: It keeps all 40 orders
// Exercise 2.2: find the slow order
var morning22 = OrdersOfTheMorning.Traces;
var fitting22 = morning22.Where(trace => true);

var order22 = "A-2031";
var step22 = "reserve articles";

Exercise22.Check(morning22, fitting22, order22, step22)
