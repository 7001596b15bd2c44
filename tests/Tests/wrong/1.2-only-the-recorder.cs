// Says: 'send parcel' is gone
// Exercise 1.2: say who is speaking
var answer12 = new SpanRecorder();

Exercise12.Check(answer12)
