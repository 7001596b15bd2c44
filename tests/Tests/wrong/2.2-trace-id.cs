// Says: That is the id of a trace
// Exercise 2.2: find the slow order
var morning22 = OrdersOfTheMorning.Traces;

var order22 = "000000000000000000000000000007ef";
var step22 = "reserve articles";

Exercise22.Check(morning22, order22, step22)
