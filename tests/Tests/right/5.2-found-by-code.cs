// Exercise 5.2: find the lost header
var all = shop.Traces.SelectMany(t => t.Spans).ToArray();
var lone = all.Where(s => s.Kind == ActivityKind.Client && all.All(c => c.ParentSpanId != s.SpanId));
var cut = lone.First(c => all.Any(s => s.ParentSpanId == null && s.ServiceName == c["server.address"] as string
    && s.Start >= c.Start && s.End <= c.End));
var answer52 = await shop.LetThroughAsync(cut.ServiceName, $"{cut["server.address"]}", "traceparent");

Exercise52.Check(answer52)
