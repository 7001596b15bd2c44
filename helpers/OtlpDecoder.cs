#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Google.Protobuf;

/// <summary>A field of an OTLP message: the bytes of an export carry its number, the specification gives it its name and type.</summary>
internal sealed record OtlpField(int Number, string Name, string Type)
{
    /// <summary>How the value is written: this is what a reader needs to skip a field that it does not know.</summary>
    public WireFormat.WireType Wire => Type switch
    {
        "bool" or "int64" or "uint32" or "SpanKind" or "StatusCode" => WireFormat.WireType.Varint,
        "double" or "fixed64" => WireFormat.WireType.Fixed64,
        "fixed32" => WireFormat.WireType.Fixed32,
        _ => WireFormat.WireType.LengthDelimited,
    };
}

/// <summary>A message of OTLP's traces, with the field numbers of opentelemetry-proto (trace.proto, common.proto, resource.proto).</summary>
internal sealed class OtlpMessage
{
    private readonly OtlpField?[] fields = new OtlpField?[17];

    private OtlpMessage(string name, params (int Number, string Name, string Type)[] fields)
    {
        Name = name;
        foreach (var field in fields)
            this.fields[field.Number] = new OtlpField(field.Number, field.Name, field.Type);
    }

    public string Name { get; }

    /// <summary>Null for a number that this version of the message does not use: a reader skips such a field.</summary>
    public OtlpField? Field(int number) => number < fields.Length ? fields[number] : null;

    public static readonly OtlpMessage Request = new("ExportTraceServiceRequest", (1, "resource_spans", "ResourceSpans"));
    public static readonly OtlpMessage ResourceSpans = new("ResourceSpans", (1, "resource", "Resource"), (2, "scope_spans", "ScopeSpans"), (3, "schema_url", "string"));
    public static readonly OtlpMessage Resource = new("Resource", (1, "attributes", "KeyValue"), (2, "dropped_attributes_count", "uint32"));
    public static readonly OtlpMessage ScopeSpans = new("ScopeSpans", (1, "scope", "InstrumentationScope"), (2, "spans", "Span"), (3, "schema_url", "string"));
    public static readonly OtlpMessage Scope = new("InstrumentationScope", (1, "name", "string"), (2, "version", "string"), (3, "attributes", "KeyValue"), (4, "dropped_attributes_count", "uint32"));

    public static readonly OtlpMessage Span = new("Span", (1, "trace_id", "bytes"), (2, "span_id", "bytes"), (3, "trace_state", "string"), (4, "parent_span_id", "bytes"),
        (5, "name", "string"), (6, "kind", "SpanKind"), (7, "start_time_unix_nano", "fixed64"), (8, "end_time_unix_nano", "fixed64"), (9, "attributes", "KeyValue"),
        (10, "dropped_attributes_count", "uint32"), (11, "events", "Event"), (12, "dropped_events_count", "uint32"), (13, "links", "Link"), (14, "dropped_links_count", "uint32"),
        (15, "status", "Status"), (16, "flags", "fixed32"));

    public static readonly OtlpMessage Event = new("Event", (1, "time_unix_nano", "fixed64"), (2, "name", "string"), (3, "attributes", "KeyValue"), (4, "dropped_attributes_count", "uint32"));
    public static readonly OtlpMessage Link = new("Link", (1, "trace_id", "bytes"), (2, "span_id", "bytes"), (3, "trace_state", "string"), (4, "attributes", "KeyValue"), (5, "dropped_attributes_count", "uint32"), (6, "flags", "fixed32"));
    public static readonly OtlpMessage Status = new("Status", (2, "message", "string"), (3, "code", "StatusCode"));
    public static readonly OtlpMessage KeyValue = new("KeyValue", (1, "key", "string"), (2, "value", "AnyValue"));
    public static readonly OtlpMessage AnyValue = new("AnyValue", (1, "string_value", "string"), (2, "bool_value", "bool"), (3, "int_value", "int64"), (4, "double_value", "double"), (5, "array_value", "ArrayValue"), (6, "kvlist_value", "KeyValueList"), (7, "bytes_value", "bytes"));
    public static readonly OtlpMessage ArrayValue = new("ArrayValue", (1, "values", "AnyValue"));
    public static readonly OtlpMessage KeyValueList = new("KeyValueList", (1, "values", "KeyValue"));

    /// <summary>The message that is the type of a field; null if the field holds a plain value.</summary>
    public static OtlpMessage? Find(string type) => ByName.GetValueOrDefault(type);

    private static readonly Dictionary<string, OtlpMessage> ByName =
        new[] { Request, ResourceSpans, Resource, ScopeSpans, Scope, Span, Event, Link, Status, KeyValue, AnyValue, ArrayValue, KeyValueList }.ToDictionary(m => m.Name);

    private static readonly string[] Kinds = ["SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"];
    private static readonly string[] Codes = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

    /// <summary>The name of an enum's value; "unknown" for a number that has none.</summary>
    public static string EnumName(string type, int value) => (type == "SpanKind" ? Kinds : Codes).ElementAtOrDefault(value) ?? "unknown";
}

/// <summary>
/// Reads the body of an OTLP export of traces, an <c>ExportTraceServiceRequest</c> in Protobuf's binary format. Attribute
/// values become <see cref="string"/>, <see cref="bool"/>, <see cref="long"/> (OTLP has no smaller integer),
/// <see cref="double"/>, <see cref="byte"/>[], arrays of these, and lists of key and value. Fields that it does not know are skipped.
/// </summary>
public sealed class OtlpDecoder
{
    /// <summary>How deep arrays and lists may be nested in an attribute's value.</summary>
    public const int MaxDepth = 32;

    /// <summary>How many messages (spans, attributes, values, events …) one body may hold: two bytes are enough for an empty one.</summary>
    public const int MaxMessages = 2_000_000;

    private readonly byte[] body;
    private readonly List<RecordedSpan> spans = [];
    private readonly Stack<(string Field, int Index)> path = new();
    private string field = "";
    private CodedInputStream input;
    private long position;

    private OtlpDecoder(byte[] body) => (this.body, input) = (body, new CodedInputStream(body));

    /// <summary>All spans, in the order of the body.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such message; the text says where, and what is wrong.</exception>
    public static IReadOnlyList<RecordedSpan> Decode(byte[] body) => Decode(body, out _);

    internal static IReadOnlyList<RecordedSpan> Decode(byte[] body, out int messages)
    {
        var decoder = new OtlpDecoder(body);
        try
        {
            decoder.ReadRequest();
        }
        catch (InvalidProtocolBufferException e)
        {
            throw decoder.Problem(e.Message.Contains("ended unexpectedly", StringComparison.Ordinal) ? TooShort : e.Message);
        }

        messages = decoder.Messages;
        return decoder.spans;
    }

    private int Messages { get; set; }

    private void ReadRequest()
    {
        var count = 0;
        while (Next(OtlpMessage.Request, body.Length) != 0)
            ReadResourceSpans(Enter(body.Length, count++));
    }

    // What stands once for all spans may come after them: Protobuf does not fix the order of fields. So these two read it first.
    private void ReadResourceSpans(int end)
    {
        var resource = new List<KeyValuePair<string, object?>>();
        ReadAhead(OtlpMessage.ResourceSpans, 1, end, inner =>
        {
            while (Next(OtlpMessage.Resource, inner) is var number and not 0)
            {
                if (number == 1)
                    resource.Add(ReadKeyValue(inner, resource.Count));
                else
                    input.SkipLastField();
            }
        });

        var count = 0;
        while (Next(OtlpMessage.ResourceSpans, end) is var number and not 0)
        {
            if (number == 2)
                ReadScopeSpans(Enter(end, count++), resource.AsReadOnly());
            else
                input.SkipLastField();
        }

        path.Pop();
    }

    private void ReadScopeSpans(int end, IReadOnlyList<KeyValuePair<string, object?>> resource)
    {
        var (name, version) = ("", (string?)null);
        ReadAhead(OtlpMessage.ScopeSpans, 1, end, inner =>
        {
            while (Next(OtlpMessage.Scope, inner) is var number and not 0)
            {
                if (number == 1)
                    name = input.ReadString();
                else if (number == 2)
                    version = input.ReadString();
                else
                    input.SkipLastField();
            }
        });

        var count = 0;
        while (Next(OtlpMessage.ScopeSpans, end) is var number and not 0)
        {
            if (number == 2)
                spans.Add(ReadSpan(Enter(end, count++), resource, name, version));
            else
                input.SkipLastField();
        }

        path.Pop();
    }

    // Reads the wanted field of a message before the others, wherever it stands, and comes back to where it was.
    private void ReadAhead(OtlpMessage type, int wanted, int end, Action<int> read)
    {
        var here = input;
        input = new CodedInputStream(body, (int)here.Position, end - (int)here.Position);
        while (Next(type, end) is var number and not 0)
        {
            if (number != wanted)
            {
                input.SkipLastField();
                continue;
            }

            read(Enter(end));
            path.Pop();
        }

        input = here;
    }

    private RecordedSpan ReadSpan(int end, IReadOnlyList<KeyValuePair<string, object?>> resource, string source, string? version)
    {
        string traceId = "", spanId = "", parentId = "", traceState = "", name = "", status = "";
        int kind = 0, code = 0;
        uint flags = 0;
        ulong started = 0, ended = 0;
        List<KeyValuePair<string, object?>>? attributes = null;
        List<RecordedEvent>? events = null;
        List<RecordedLink>? links = null;
        while (Next(OtlpMessage.Span, end) is var number and not 0)
        {
            switch (number)
            {
                case 1: traceId = ReadId(end, 16, needed: true); break;
                case 2: spanId = ReadId(end, 8, needed: true); break;
                case 3: traceState = input.ReadString(); break;
                case 4: parentId = ReadId(end, 8, needed: false); break;
                case 5: name = input.ReadString(); break;
                case 6: kind = input.ReadEnum(); break;
                case 7: started = input.ReadFixed64(); break;
                case 8: ended = input.ReadFixed64(); break;
                case 9: (attributes ??= []).Add(ReadKeyValue(end, attributes.Count)); break;
                case 11: (events ??= []).Add(ReadEvent(end, events.Count)); break;
                case 13: (links ??= []).Add(ReadLink(end, links.Count)); break;
                case 15:
                    var inner = Enter(end);
                    while (Next(OtlpMessage.Status, inner) is var n and not 0)
                    {
                        if (n == 2)
                            status = input.ReadString();
                        else
                            code = input.ReadEnum();
                    }

                    path.Pop();
                    break;
                case 16: flags = input.ReadFixed32(); break;
                default: input.SkipLastField(); break; // how much the sender left out
            }
        }

        field = traceId.Length == 0 ? "trace_id" : "span_id";
        if (traceId.Length == 0 || spanId.Length == 0)
            throw Problem("it is missing.");
        path.Pop();
        return new RecordedSpan
        {
            TraceId = traceId,
            SpanId = spanId,
            ParentSpanId = parentId,
            HasRemoteParent = (flags & 0x300) == 0x300, // 0x100: the sender knows whether the parent is remote; 0x200: it is
            Flags = (ActivityTraceFlags)(flags & 0xff),
            TraceState = traceState.Length == 0 ? null : traceState,
            Name = name,
            Kind = kind is > 1 and <= 5 ? (ActivityKind)(kind - 1) : ActivityKind.Internal, // OTLP counts from 1: 0 is "not said", to be read as internal
            SourceName = source,
            SourceVersion = version is "" ? null : version,
            Resource = resource,
            Start = Time(started),
            Duration = ended > started ? TimeSpan.FromTicks((long)((ended - started) / 100)) : TimeSpan.Zero,
            Status = code is 1 or 2 ? (ActivityStatusCode)code : ActivityStatusCode.Unset,
            StatusDescription = status.Length == 0 ? null : status,
            Attributes = attributes is null ? [] : attributes.AsReadOnly(),
            Events = events is null ? [] : events.AsReadOnly(),
            Links = links is null ? [] : links.AsReadOnly(),
        };
    }

    private RecordedEvent ReadEvent(int parentEnd, int index)
    {
        var (time, name, attributes) = (0UL, "", new List<KeyValuePair<string, object?>>());
        var end = Enter(parentEnd, index);
        while (Next(OtlpMessage.Event, end) is var number and not 0)
        {
            switch (number)
            {
                case 1: time = input.ReadFixed64(); break;
                case 2: name = input.ReadString(); break;
                case 3: attributes.Add(ReadKeyValue(end, attributes.Count)); break;
                default: input.SkipLastField(); break;
            }
        }

        path.Pop();
        return new RecordedEvent(name, Time(time), attributes.AsReadOnly());
    }

    private RecordedLink ReadLink(int parentEnd, int index)
    {
        var (traceId, spanId, attributes) = (new string('0', 32), new string('0', 16), new List<KeyValuePair<string, object?>>());
        var end = Enter(parentEnd, index);
        while (Next(OtlpMessage.Link, end) is var number and not 0)
        {
            switch (number)
            {
                case 1: traceId = ReadId(end, 16, needed: false); break;
                case 2: spanId = ReadId(end, 8, needed: false); break;
                case 4: attributes.Add(ReadKeyValue(end, attributes.Count)); break;
                default: input.SkipLastField(); break;
            }
        }

        path.Pop();
        return new RecordedLink(traceId, spanId, attributes.AsReadOnly());
    }

    private KeyValuePair<string, object?> ReadKeyValue(int parentEnd, int index, int depth = 0)
    {
        var (key, value) = ("", (object?)null);
        var end = Enter(parentEnd, index);
        while (Next(OtlpMessage.KeyValue, end) is var number and not 0)
        {
            if (number == 1)
                key = input.ReadString();
            else
                value = ReadValue(end, -1, depth);
        }

        path.Pop();
        return KeyValuePair.Create(key, value);
    }

    private object? ReadValue(int parentEnd, int index, int depth)
    {
        object? value = null; // an AnyValue without a field is an empty value
        var end = Enter(parentEnd, index);
        if (depth > MaxDepth)
            throw Problem($"values are nested more than {MaxDepth} deep.");
        while (Next(OtlpMessage.AnyValue, end) is var number and not 0)
        {
            value = number switch
            {
                1 => input.ReadString(),
                2 => input.ReadBool(),
                3 => input.ReadInt64(),
                4 => input.ReadDouble(),
                5 => ReadArray(end, depth + 1),
                6 => ReadList(end, depth + 1),
                _ => input.ReadBytes().ToByteArray(),
            };
        }

        path.Pop();
        return value;
    }

    private Array ReadArray(int parentEnd, int depth)
    {
        var values = new List<object?>();
        var end = Enter(parentEnd);
        while (Next(OtlpMessage.ArrayValue, end) != 0)
            values.Add(ReadValue(end, values.Count, depth));
        path.Pop();

        // Attributes set in .NET are arrays of one type. An empty array does not say which.
        return values.Count == 0 ? Array.Empty<object?>()
            : values.TrueForAll(v => v is string) ? values.Cast<string>().ToArray()
            : values.TrueForAll(v => v is long) ? values.Cast<long>().ToArray()
            : values.TrueForAll(v => v is double) ? values.Cast<double>().ToArray()
            : values.TrueForAll(v => v is bool) ? values.Cast<bool>().ToArray()
            : values.ToArray();
    }

    private IReadOnlyList<KeyValuePair<string, object?>> ReadList(int parentEnd, int depth)
    {
        var values = new List<KeyValuePair<string, object?>>();
        var end = Enter(parentEnd);
        while (Next(OtlpMessage.KeyValueList, end) != 0)
            values.Add(ReadKeyValue(end, values.Count, depth));
        path.Pop();
        return values.AsReadOnly();
    }

    private string ReadId(int end, int length, bool needed)
    {
        var sent = input.ReadLength();
        if (sent == 0 && !needed)
            return new string('0', 2 * length);
        if (sent != length)
            throw Problem($"{Drawing.Count(sent, "byte")}, but an id of this kind has {length}.");
        if (end - input.Position < length)
            throw Problem(TooShort);
        var id = body.AsSpan((int)input.Position, length);
        for (var i = 0; i < length; i += 8) // the reader goes on behind the id
            input.ReadFixed64();
        if (needed && id.IndexOfAnyExcept((byte)0) < 0)
            throw Problem("all zeros stand for 'no id'.");
        return Convert.ToHexStringLower(id);
    }

    private static DateTimeOffset Time(ulong unixNano) => DateTimeOffset.UnixEpoch.AddTicks((long)(unixNano / 100));

    // ---- Messages inside of messages -----------------------------------------------------------------------------

    private const string TooShort = "the data ends in the middle of it, or a length is wrong.";

    // The field that was just announced holds a message: where does it end? It cannot go beyond the message that it is in.
    private int Enter(int parentEnd, int index = -1)
    {
        var length = input.ReadLength();
        if (length < 0 || length > parentEnd - input.Position)
            throw Problem(TooShort);
        if (++Messages > MaxMessages)
            throw Problem($"more than {MaxMessages} messages in one request.");
        path.Push((field, index));
        return (int)input.Position + length;
    }

    // The number of the next known field, 0 at the end of the message.
    private int Next(OtlpMessage type, int end)
    {
        while (input.Position < end)
        {
            (field, position) = ("", input.Position);
            var tag = input.ReadTag();
            var (number, wire) = (WireFormat.GetTagFieldNumber(tag), WireFormat.GetTagWireType(tag));
            if (type.Field(number) is { } known)
            {
                field = known.Name;
                if (wire != known.Wire)
                    throw Problem($"wire type {(int)wire}, but field {number} of {type.Name} has {(int)known.Wire}.");
                return number;
            }

            field = $"field {number}";
            if (wire > WireFormat.WireType.Fixed32)
                throw Problem($"there is no wire type {(int)wire}.");
            input.SkipLastField();
        }

        return input.Position == end ? 0 : throw Problem(TooShort); // the last field went beyond the end of its message
    }

    private InvalidDataException Problem(string what)
    {
        var where = string.Join('.', path.Reverse().Select(p => p.Index < 0 ? p.Field : $"{p.Field}[{p.Index}]").Append(field).Where(p => p.Length > 0));
        return new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"Byte {position}{(where.Length > 0 ? ", " : "")}{where}: {what}"));
    }
}

/// <summary>
/// The bytes of one export, field by field, as they went over the network: for each field its tag (number and wire
/// type), the length if it has one, and what the bytes say. Also shows how far a body that is not valid can be read.
/// </summary>
public sealed class OtlpView : NotebookView
{
    private const int MaxRows = 150, MaxDepth = 40, HexBytes = 8;

    private readonly List<Row> rows = [];
    private readonly byte[] body;
    private int hidden;
    private readonly string? problem;

    private OtlpView(byte[] body)
    {
        this.body = body;
        try
        {
            Read(0, body.Length, OtlpMessage.Request, 0);
        }
        catch (InvalidProtocolBufferException e)
        {
            problem = e.Message;
        }

        try
        {
            OtlpDecoder.Decode(body);
        }
        catch (InvalidDataException e)
        {
            problem = e.Message; // says better where
        }
    }

    /// <summary>Takes the uncompressed body of a request apart, for example <c>receiver.Requests.Last().Body</c>.</summary>
    public static OtlpView Of(byte[] body) => new(body);

    /// <param name="Depth">0 for the fields of the request itself.</param>
    /// <param name="At">The offset of the tag.</param>
    /// <param name="Field">Name and number.</param>
    private sealed record Row(int Depth, int At, string Tag, string Length, string Payload, string Field, string Wire, string Value);

    private void Read(int start, int end, OtlpMessage type, int depth)
    {
        var input = new CodedInputStream(body, start, end - start);
        while (true)
        {
            var at = (int)input.Position;
            var tag = input.ReadTag();
            if (tag == 0)
                return;
            var (afterTag, wire) = ((int)input.Position, WireFormat.GetTagWireType(tag));
            var field = type.Field(WireFormat.GetTagFieldNumber(tag));
            input.SkipLastField();
            var (payload, after) = (afterTag, (int)input.Position);
            while (wire == WireFormat.WireType.LengthDelimited && body[payload++] >= 0x80)
            {
            }

            var message = field?.Wire == wire ? OtlpMessage.Find(field.Type) : null;
            if (rows.Count >= MaxRows || depth > MaxDepth)
            {
                hidden++;
                continue;
            }

            rows.Add(new Row(depth, at, Hex(at, afterTag), Hex(afterTag, payload), message is null ? Hex(payload, after) : "",
                $"{field?.Name ?? "unknown"} = {WireFormat.GetTagFieldNumber(tag)}", WireName(wire),
                message is not null ? $"{message.Name}, {Drawing.Count(after - payload, "byte")}" : field?.Wire == wire ? Value(field, payload, after) : ""));
            if (message is not null)
                Read(payload, after, message, depth + 1);
        }
    }

    private string Hex(int from, int to) => string.Join(' ', body[from..Math.Min(to, from + HexBytes)].Select(b => b.ToString("x2", CultureInfo.InvariantCulture))) + (to - from > HexBytes ? " …" : "");

    private static string WireName(WireFormat.WireType wire) => (int)wire switch { 0 => "VARINT (0)", 1 => "I64 (1)", 2 => "LEN (2)", 5 => "I32 (5)", var other => $"({other})" };

    private string Value(OtlpField field, int start, int end)
    {
        var input = new CodedInputStream(body, start, end - start);
        return FormattableString.Invariant(field.Type switch
        {
            "string" => (FormattableString)$"\"{Encoding.UTF8.GetString(body, start, Math.Min(end - start, 400))}\"{(end - start > 400 ? "…" : "")}",
            "bytes" => $"{Convert.ToHexString(body, start, Math.Min(end - start, 32)).ToLowerInvariant()}{(end - start > 32 ? "…" : "")}",
            "bool" => $"{(input.ReadBool() ? "true" : "false")}",
            "double" => $"{input.ReadDouble()}",
            "fixed32" => $"{FlagsText(input.ReadFixed32())}",
            "fixed64" => $"{TimeText(input.ReadFixed64())}",
            "uint32" => $"{input.ReadUInt32()}",
            "int64" => $"{input.ReadInt64()}",
            _ => $"{EnumText(field.Type, input.ReadEnum())}",
        });
    }

    private static string EnumText(string type, int value) => FormattableString.Invariant($"{value}: {OtlpMessage.EnumName(type, value)}");

    private static string TimeText(ulong nano) => FormattableString.Invariant($"{nano} ns: {DateTimeOffset.UnixEpoch.AddTicks((long)(nano / 100)):yyyy-MM-dd HH:mm:ss.fffffff} UTC");

    private static string FlagsText(uint flags) => FormattableString.Invariant($"0x{flags:x8}: {((flags & 1) != 0 ? "sampled" : "not sampled")}{((flags & 0x300) == 0x300 ? ", parent is remote" : (flags & 0x100) != 0 ? ", parent is not remote" : "")}");

    private string Title => $"ExportTraceServiceRequest, {Drawing.Count(body.Length, "byte")}";

    private string? Left => hidden == 0 ? null : $"{Drawing.Count(hidden, "more field")} not drawn, nor what is inside of them.";

    public override string ToHtml()
    {
        var html = new StringBuilder(Style).Append($"<div class=\"ov\"><div class=\"ov-title\"><b>{Title}</b><span><i class=\"ov-tag\">tag</i> field number × 8 + wire type</span>")
            .Append("<span><i class=\"ov-len\">length</i> in bytes, of what is LEN</span><span><i class=\"ov-val\">value</i></span></div>");
        html.Append("<div class=\"ov-scroll\"><table><thead><tr><th>byte<th>bytes<th>field<th>wire type<th>value</tr></thead><tbody>");
        foreach (var row in rows)
        {
            html.Append($"<tr><td class=\"ov-at\">{row.At}<td class=\"ov-hex\"><i class=\"ov-tag\">{row.Tag}</i>");
            html.Append(row.Length.Length > 0 ? $" <i class=\"ov-len\">{row.Length}</i>" : "").Append(row.Payload.Length > 0 ? $" <i class=\"ov-val\">{row.Payload}</i>" : "");
            html.Append(CultureInfo.InvariantCulture, $"<td class=\"ov-field\" style=\"padding-left:{0.5 + (1.1 * row.Depth):0.#}em\">{Drawing.Encode(row.Field)}<td class=\"ov-wire\">{row.Wire}<td class=\"ov-value\">{Drawing.Encode(row.Value)}</tr>");
        }

        html.Append("</tbody></table></div>");
        if (Left is not null)
            html.Append($"<div class=\"ov-note\">{Left}</div>");
        if (problem is not null)
            html.Append($"<div class=\"ov-note ov-bad\">✖ {Drawing.Encode(problem)}</div>");
        return html.Append("</div>").ToString();
    }

    public override string ToString()
    {
        var text = new StringBuilder(Title).Append("\n  byte  tag    length       value (first bytes)        wire type   field\n");
        foreach (var row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row.At,6}  {row.Tag,-5}  {row.Length,-11}  {row.Payload,-25}  {row.Wire,-10}  ")
                .Append(' ', 2 * row.Depth).Append(row.Field).Append(row.Value.Length > 0 ? "  " : "").Append(Drawing.Fit(row.Value, 64, pad: false)).Append('\n');
        }

        text.Append(Left is null ? "" : $"{Left}\n").Append(problem is null ? "" : $"✖ {Drawing.Clean(problem)}\n");
        return text.ToString().TrimEnd('\n');
    }

    private const string Style = """
        <style>
        .ov{font:13px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif;text-align:left;color:inherit;--ov-line:color-mix(in srgb,currentColor 14%,transparent);--ov-dim:color-mix(in srgb,currentColor 74%,transparent)}
        .ov-title{display:flex;flex-wrap:wrap;gap:2px 18px;margin:0 0 6px}
        .ov i{font-style:normal;border-bottom:2px solid var(--ov-c)}
        .ov .ov-tag{--ov-c:#558add}
        .ov .ov-len{--ov-c:#906040}
        .ov .ov-val{--ov-c:#159f73}
        .ov-scroll{overflow-x:auto}
        .ov table{font:inherit;border-collapse:collapse;margin:0;color:inherit;background:none}
        .ov tr,.ov th,.ov td{background:none;color:inherit;border:0}
        .ov th,.ov td{padding:1px 8px;text-align:left;vertical-align:top;border-bottom:1px solid var(--ov-line);white-space:nowrap}
        .ov th{font-weight:600}
        .ov td.ov-at{text-align:right;color:var(--ov-dim);font-variant-numeric:tabular-nums}
        .ov td.ov-hex{font:12px/1.6 ui-monospace,Consolas,Menlo,monospace}
        .ov td.ov-wire{color:var(--ov-dim)}
        .ov td.ov-value{white-space:pre-wrap;overflow-wrap:anywhere;min-width:16em;unicode-bidi:isolate}
        .ov-note{margin:6px 0 0}
        .ov-bad{color:color-mix(in srgb,#e5202a 62%,currentColor)}
        </style>
        """;
}
