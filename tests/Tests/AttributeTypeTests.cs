using System;
using System.Collections;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Dynamic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>What the recorder keeps of a tag is what the real OTLP exporter sends of it: for every .NET type.</summary>
public sealed class AttributeTypeTests
{
    [Flags]
    private enum Parts { None, Head = 1, Tail = 4 }

    private sealed record Point(int X, int Y);

    private sealed class Broken
    {
        public override string ToString() => throw new InvalidOperationException("no text");
    }

    private sealed class Silent
    {
        public override string? ToString() => null;
    }

    private static Dictionary<string, object?> Nested(int depth) => depth == 0
        ? new() { ["core"] = 1 }
        : new() { ["in"] = Nested(depth - 1) };

    private static Dictionary<string, object?> Circle()
    {
        var circle = new Dictionary<string, object?>();
        circle["self"] = circle;
        return circle;
    }

    private static ExpandoObject Expando()
    {
        IDictionary<string, object?> expando = new ExpandoObject();
        expando["a"] = 1;
        return (ExpandoObject)expando;
    }

    public static readonly (string Name, object? Value)[] Values =
    [
        ("null", null), ("string", "text"), ("no text", ""), ("surrogate", "\ud800"), ("char", 'c'), ("bool", true), ("byte", (byte)7),
        ("sbyte", (sbyte)-7), ("short", (short)-7),
        ("ushort", (ushort)7), ("int", -1), ("uint", uint.MaxValue), ("long", long.MinValue), ("ulong", ulong.MaxValue),
        ("small ulong", 5UL), ("nint", (nint)5), ("nuint", (nuint)5),
        ("Int128", (Int128)5), ("BigInteger", new BigInteger(5)), ("Half", (Half)0.5), ("float", 0.1f), ("double", 0.1),
        ("nan", double.NaN), ("infinity", double.NegativeInfinity),
        ("decimal", 12.50m), ("DateTime", new DateTime(2026, 2, 3, 4, 5, 6, DateTimeKind.Utc)),
        ("DateTimeOffset", new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.FromHours(1))),
        ("DateOnly", new DateOnly(2026, 2, 3)), ("TimeOnly", new TimeOnly(4, 5)), ("TimeSpan", TimeSpan.FromMinutes(90)),
        ("Guid", Guid.Empty), ("Uri", new Uri("http://a.example/b c")),
        ("Version", new Version(1, 2)), ("IPAddress", IPAddress.Loopback), ("enum", DayOfWeek.Friday), ("flags", Parts.Head | Parts.Tail),
        ("no such enum", (DayOfWeek)77),
        ("anonymous", new { Id = 1 }), ("record", new Point(1, 2)), ("tuple", (1, "a")), ("StringBuilder", new StringBuilder("built")),
        ("Type", typeof(string)),
        ("Exception", new InvalidOperationException("no")), ("JsonElement", JsonDocument.Parse("{\"a\":1}").RootElement),
        ("throws", new Broken()), ("no ToString", new Silent()),
        ("strings", new[] { "a", null, "c" }), ("no strings", Array.Empty<string>()), ("chars", new[] { 'a', 'b' }),
        ("bools", new[] { true, false }), ("bytes", new byte[] { 1, 2, 254 }),
        ("sbytes", new sbyte[] { -1 }), ("shorts", new short[] { -1 }), ("ushorts", new ushort[] { 1 }), ("ints", new[] { 1, -2 }),
        ("uints", new[] { uint.MaxValue }), ("longs", new[] { long.MinValue }),
        ("ulongs", new[] { ulong.MaxValue, 1UL }), ("floats", new[] { 0.1f }), ("doubles", new[] { 0.1, double.NaN }),
        ("decimals", new[] { 1.5m, 2m }), ("nullable longs", new long?[] { 1, null }),
        ("nullable bools", new bool?[] { true, null }), ("enums", new[] { DayOfWeek.Friday }), ("byte enums", new[] { Parts.Head }),
        ("dates", new[] { new DateTime(2026, 2, 3) }), ("guids", new[] { Guid.Empty }),
        ("objects", new object?[] { 1, "a", null, 2.5, true, 'c', 3m }), ("no objects", Array.Empty<object>()),
        ("objects in objects", new object[] { new object[] { 1 }, new[] { 2 } }),
        ("bytes in objects", new object[] { new byte[] { 1 } }),
        ("maps in objects", new object[] { new Dictionary<string, object> { ["a"] = 1 } }),
        ("broken in objects", new object[] { 1, new Broken() }),
        ("nested", new[] { new[] { 1 }, new[] { 2 } }), ("square", new[,] { { 1, 2 }, { 3, 4 } }),
        ("List<string>", new List<string> { "a", "b" }), ("List<object>", new List<object> { 1 }),
        ("HashSet", new HashSet<int> { 1 }), ("ImmutableArray", ImmutableArray.Create(1, 2)), ("Memory", new ReadOnlyMemory<byte>([1, 2])),
        ("ArraySegment", new ArraySegment<byte>([1, 2])),
        ("enumerable", Enumerable.Range(0, 2).Select(i => i)), ("ArrayList", new ArrayList { 1 }),
        ("Dictionary", new Dictionary<string, object> { ["a"] = 1, ["b"] = "x" }), ("empty Dictionary", new Dictionary<string, object>()),
        ("Dictionary of strings", new Dictionary<string, string> { ["a"] = "x" }),
        ("Dictionary of ints", new Dictionary<string, int> { ["a"] = 1 }), ("Dictionary by int", new Dictionary<int, object> { [1] = 1 }),
        ("Dictionary of all", new Dictionary<string, object?> { ["null"] = null, ["ints"] = new[] { 1 }, ["bytes"] = new byte[] { 1 },
            ["enum"] = DayOfWeek.Friday, ["map"] = new Dictionary<string, object> { ["n"] = 1m }, ["list"] = new List<int> { 1 },
            ["broken"] = new Broken() }),
        ("SortedDictionary", new SortedDictionary<string, object> { ["a"] = 1 }),
        ("ImmutableDictionary", ImmutableDictionary<string, object>.Empty.Add("a", 1)),
        ("pairs", new[] { KeyValuePair.Create("a", (object?)1) }), ("pairs of strings", new[] { KeyValuePair.Create("a", "x") }),
        ("list of pairs", new List<KeyValuePair<string, object?>> { new("a", 1) }),
        ("TagList", new TagList { { "a", 1 } }), ("ActivityTagsCollection", new ActivityTagsCollection { ["a"] = 1 }),
        ("Hashtable", new Hashtable { ["a"] = 1 }), ("Expando", Expando()),
        ("deep", Nested(5)), ("very deep", Nested(200)), ("circle", Circle()), ("pair", KeyValuePair.Create("a", (object?)1)),
    ];

    [Fact]
    public async Task What_the_recorder_keeps_is_what_the_exporter_sends()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        var recorder = new SpanRecorder();
        var builder = Sdk.CreateTracerProviderBuilder().AddSource(source.Name).AddProcessor(new SimpleActivityExportProcessor(recorder));
        using (builder.AddOtlpExporter(o => (o.Endpoint, o.Protocol, o.ExportProcessorType) = (receiver.TracesEndpoint,
            OtlpExportProtocol.HttpProtobuf, ExportProcessorType.Simple)).Build())
        {
            foreach (var (name, value) in Values)
            {
                Activity.Current = null;
                using var span = source.StartActivity(name)!;
                span.AddTag("value", value).AddTag("beside", "kept");
                span.AddEvent(new ActivityEvent("event", tags: new() { ["value"] = value }));
            }
        }

        var lines = new List<string>();
        foreach (var (name, value) in Values)
        {
            var (kept, sent) = (recorder.Spans.Single(s => s.Name == name), receiver.Spans.FirstOrDefault(s => s.Name == name));
            var (mine, theirs) = (Text(kept.Attributes), sent is null ? "(no span)" : Text(sent.Attributes));
            if (mine != theirs || sent is not null && Text(kept.Events[0].Attributes) != Text(sent.Events[0].Attributes))
                lines.Add($"{name}: kept {mine}, sent {theirs}");
        }

        Assert.True(lines.Count == 0, string.Join('\n', lines));
        Assert.Equal(Values.Length, receiver.Count);
    }

    [Fact]
    public async Task What_the_limits_of_the_exporter_drop_is_counted_read_and_drawn()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var recorder = new SpanRecorder();
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        using (Sdk.CreateTracerProviderBuilder().AddSource(source.Name).AddProcessor(new SimpleActivityExportProcessor(recorder))
            .AddOtlpExporter(o => (o.Endpoint, o.Protocol, o.ExportProcessorType) = (receiver.TracesEndpoint,
            OtlpExportProtocol.HttpProtobuf, ExportProcessorType.Simple)).Build())
        {
            Activity.Current = null;
            var links = Enumerable.Range(0, 130).Select(_ => new ActivityLink(
                new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), default),
                [.. Enumerable.Range(0, 134).Select(i => KeyValuePair.Create($"a{i}", (object?)i))]));
            using var span = source.StartActivity("much", ActivityKind.Internal, default(ActivityContext), links: links)!;
            for (var i = 0; i < 131; i++)
                span.SetTag($"a{i}", i);
            var many = Enumerable.Range(0, 133).Select(i => KeyValuePair.Create($"a{i}", (object?)i));
            for (var i = 0; i < 132; i++)
                span.AddEvent(new ActivityEvent($"e{i}", tags: i == 0 ? [.. many] : null));
        }

        var sent = receiver.Spans.Single();
        Assert.Equal((128, 128, 128), (sent.Attributes.Count, sent.Events.Count, sent.Links.Count));
        Assert.Equal((3u, 4u, 2u), sent.Dropped);
        Assert.Equal((128, 128), (sent.Events[0].Attributes.Count, sent.Links[0].Attributes.Count));
        var page = Waterfall.Of(new RecordedTrace([sent])).ToHtml();
        Assert.Contains("<b>Attributes (3 more dropped before sending)</b>", page);
        Assert.Contains("<b>Events (4 more dropped before sending), links (2 more dropped before sending)</b>", page);

        // The recorder keeps all, and says what the exporter will do.
        var kept = Waterfall.Of(recorder.Traces).ToHtml();
        Assert.Contains("131 attributes: the OTLP exporter of .NET sends 128 of them", kept);
        Assert.Contains("132 events: ", kept);
        Assert.Contains("130 links: ", kept);
        Assert.Contains("133 attributes of an event: ", kept);
        Assert.Contains("134 attributes of a link: ", kept);
        Assert.DoesNotContain("of .NET sends", page);
    }

    [Fact]
    public void Every_kind_of_value_is_written_out_and_no_name_of_a_type_appears()
    {
        object?[] kinds = [1L, 2.5, "x", true, null, double.NaN, new byte[] { 1, 2, 254 }, new[] { "a", "b" }];
        var map = new[] { KeyValuePair.Create("model", (object?)"small"), KeyValuePair.Create("stops", (object?)new[] { "a", "b" }),
            KeyValuePair.Create("limits", (object?)new[] { KeyValuePair.Create("tokens", (object?)100L) }) };

        Assert.Equal("[1, 2.5, x, true, null, NaN, AQL+ (3 bytes), [a, b], {model: small, stops: [a, b], limits: {tokens: 100}}]",
            AttributeText.Of(kinds.Append(map).ToArray()));
        Assert.Equal(("", "[]", "{}", "[-1]"), (AttributeText.Of(""), AttributeText.Of(Array.Empty<string>()),
            AttributeText.Of(Array.Empty<KeyValuePair<string, object?>>()), AttributeText.Of(new sbyte[] { -1 })));
        Assert.InRange(AttributeText.Of(Enumerable.Range(0, 1_000).Select(_ => new object[] { new string('x', 100), new byte[1_000_000] })
            .ToArray()).Length, 5_000, 20_000);
        AnyCulture.Gives("[0.5, 1000000]", () => AttributeText.Of(new object[] { 0.5, 1_000_000 }));
    }

    private static string Text(IReadOnlyList<KeyValuePair<string, object?>> attributes) => string.Join(' ', attributes
        .Where(a => a.Value is not string text || !text.StartsWith("(not sent: ", StringComparison.Ordinal))
        .Select(a => $"{a.Key}={Text(a.Value)}"));

    private static string Text(object? value) => value switch
    {
        null => "null",
        string s => $"\"{s.Replace('\ud800', '\ufffd')}\"",
        byte[] bytes when value.GetType() == typeof(byte[]) => $"bytes {Convert.ToHexString(bytes)}",
        IReadOnlyList<KeyValuePair<string, object?>> map => $"{{{Text(map)}}}",
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(Text))}]",
        double d => d.ToString("R", CultureInfo.InvariantCulture) + "d",
        sbyte or byte or short or ushort or int or uint => $"{value} Int64", // OTLP has one kind of integer
        _ => $"{Convert.ToString(value, CultureInfo.InvariantCulture)} {value.GetType().Name}",
    };
}
