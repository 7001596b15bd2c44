// Says: 'send parcel' is gone
// Exercise 1.2: name the service
var answer12 = new SpanRecorder();

Exercise12.Check(answer12)
