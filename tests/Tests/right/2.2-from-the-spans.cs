// Exercise 2.2: find the slow order
var morning22 = OrdersOfTheMorning.Traces;
var fitting22 = morning22.Where(trace =>
    trace.Root["shop.user.plan"] is "business" && trace.Root["shop.order.total"] is > 500.0);
var slow22 = morning22.SelectMany(t => t.Spans)
    .Where(s => $"{s["shop.user.plan"]}" == "business" && (double)s["shop.order.total"] > 500)
    .OrderBy(s => s.Duration).Last();

var order22 = (string)slow22["shop.order.id"];
var step22 = morning22.SelectMany(t => t.Spans).Where(s => s.ParentSpanId == slow22.SpanId).OrderByDescending(s => s.Duration).First().Name;

Exercise22.Check(morning22, fitting22, order22, step22)
