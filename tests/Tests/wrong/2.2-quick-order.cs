// Says: fits, but it took only
// Exercise 2.2: find the slow order
var morning22 = OrdersOfTheMorning.Traces;

var order22 = "A-2012";
var step22 = "charge card";

Exercise22.Check(morning22, order22, step22)
