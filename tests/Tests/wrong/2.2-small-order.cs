// Says: but it cost 119 euros
// Exercise 2.2: find the slow order
var morning22 = OrdersOfTheMorning.Traces;

var order22 = "A-2018";
var step22 = "charge card";

Exercise22.Check(morning22, order22, step22)
