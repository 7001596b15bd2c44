#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Google.Protobuf;

/// <summary>
/// The bytes of one export, field by field, as they went over the network: for each field its tag (number and wire
/// type), the length if it has one, and what the bytes say. Also shows how far a body that is not valid can be read.
/// </summary>
public sealed class OtlpView : NotebookView
{
    private readonly OtlpBytes bytes;
    private readonly string title;
    private readonly Table table;

    private OtlpView(byte[] body)
    {
        bytes = new OtlpBytes(body);
        title = $"ExportTraceServiceRequest, {Drawing.Count(body.Length, "byte")}";
        table = new Table(
            new("byte", 5, Right: true), new("tag", 5), new("length", 11), new("bytes", 11), new("wire type", 10),
            new("field", 32), new("value", 30));
        foreach (var row in bytes.Rows)
        {
            table.Row(row.At.ToString(CultureInfo.InvariantCulture), row.Tag, row.Length, row.Payload, row.Wire,
                new TableCell(row.Field) { Indent = row.Depth }, row.Value);
        }
    }

    /// <summary>Takes the uncompressed body of a request apart, for example <c>receiver.Requests.Last().Body</c>.</summary>
    public static OtlpView Of(byte[] body) => new(body);

    /// <inheritdoc/>
    public override string ToHtml() =>
        $"<style>{Drawing.Css}{Table.Css}{Css}</style><div class=\"tv ov\"><div class=\"ov-title\"><b>{title}</b>"
        + "<span>tag: field number × 8 + wire type</span><span>length: in bytes, of what is LEN</span></div>"
        + $"<div class=\"tv-scroll\" tabindex=\"0\">{table.Rows()}</div>"
        + (Hidden is null ? "" : $"<div class=\"ov-note\">{Hidden}</div>")
        + (bytes.Problem is null ? "" : $"<div class=\"ov-note tv-bad\">✖ {Drawing.Encode(bytes.Problem)}</div>")
        + "</div>";

    /// <inheritdoc/>
    public override string ToString() => string.Join('\n', new[]
    {
        title, table.ToString(), Hidden, bytes.Problem is null ? null : $"✖ {Drawing.Clean(bytes.Problem)}",
    }.OfType<string>());

    private string? Hidden =>
        bytes.Hidden == 0 ? null : $"{Drawing.Count(bytes.Hidden, "more field")} not drawn, nor what is inside of them.";

    private const string Css = """
        .ov-title{display:flex;flex-wrap:wrap;gap:2px 18px;margin:0 0 6px}
        .ov .tv-table td:nth-child(-n+6){white-space:nowrap}
        .ov td:nth-child(-n+4){font-family:ui-monospace,Consolas,Menlo,monospace}
        .ov-note{margin:6px 0 0}

        """;
}

/// <summary>The bytes of one export, a row for each field: how far they can be read, and what each says.</summary>
internal sealed class OtlpBytes
{
    private const int MaxRows = 150, HexBytes = 8;

    private readonly byte[] body;
    private readonly List<Row> rows = [];

    public OtlpBytes(byte[] body)
    {
        this.body = body;
        try
        {
            Read(0, body.Length, OtlpMessage.Request, 0);
        }
        catch (InvalidProtocolBufferException e)
        {
            Problem = e.Message;
        }

        try
        {
            var reading = new OtlpReading();
            OtlpDecoder.Spans(OtlpReader.Read(body, reading), reading);
            Problem ??= reading.Problem;
        }
        catch (InvalidDataException e)
        {
            Problem = e.Message; // says better where
        }
    }

    public IReadOnlyList<Row> Rows => rows;

    /// <summary>How many fields have no row, because there would be too many.</summary>
    public int Hidden { get; private set; }

    /// <summary>Why the body, or a part of it, is not valid; null if all of it is.</summary>
    public string? Problem { get; }

    /// <param name="Depth">0 for the fields of the request itself.</param>
    /// <param name="At">The offset of the tag.</param>
    /// <param name="Tag">Its bytes, in hex, as those of the two that follow.</param>
    /// <param name="Length">"" if the wire type has none.</param>
    /// <param name="Payload">The first bytes of the value; "" if that is a message, which has rows of its own.</param>
    /// <param name="Field">Name and number.</param>
    /// <param name="Wire">The wire type.</param>
    /// <param name="Value">What the bytes say.</param>
    public sealed record Row(int Depth, int At, string Tag, string Length, string Payload, string Field, string Wire, string Value);

    private void Read(int start, int end, OtlpMessage type, int depth)
    {
        var input = new CodedInputStream(body, start, end - start);
        while (true)
        {
            var at = (int)input.Position;
            var tag = input.ReadTag();
            if (tag == 0)
                return;
            var (afterTag, wire, number) = ((int)input.Position, WireFormat.GetTagWireType(tag), WireFormat.GetTagFieldNumber(tag));
            input.SkipLastField();
            var (payload, after) = (afterTag, (int)input.Position);
            if (wire == WireFormat.WireType.LengthDelimited)
            {
                while (body[payload] >= 0x80)
                    payload++;
                payload++; // behind the length
            }

            if (rows.Count >= MaxRows) // what is nested without an end comes to its end here, too
            {
                Hidden++;
                continue;
            }

            var field = type.Field(number) is { } known && known.Wire == wire ? known : null;
            var message = field?.Message;
            rows.Add(new Row(
                depth, at, Hex(at, afterTag), Hex(afterTag, payload), message is null ? Hex(payload, after) : "",
                $"{type.Field(number)?.Name ?? "unknown"} = {number}", WireName(wire),
                message is not null ? $"{message.Name}, {Drawing.Count(after - payload, "byte")}"
                    : field is null ? "" : Value(field, payload, after)));
            if (message is not null)
                Read(payload, after, message, depth + 1);
        }
    }

    private string Hex(int from, int to) =>
        string.Join(' ', body[from..Math.Min(to, from + HexBytes)].Select(b => b.ToString("x2", CultureInfo.InvariantCulture)))
            + (to - from > HexBytes ? " …" : "");

    private static string WireName(WireFormat.WireType wire) =>
        (int)wire switch { 0 => "VARINT (0)", 1 => "I64 (1)", 2 => "LEN (2)", 5 => "I32 (5)", var other => $"({other})" };

    private string Value(OtlpField field, int start, int end)
    {
        var input = new CodedInputStream(body, start, end - start);
        return field.Type switch
        {
            "string" => $"\"{Drawing.Cut(Encoding.UTF8.GetString(body, start, end - start), 400)}\"",
            "bytes" or "id16" or "id8" => Convert.ToHexStringLower(body, start, Math.Min(end - start, 32)) + (end - start > 32 ? "…" : ""),
            "bool" => input.ReadBool() ? "true" : "false",
            "double" => input.ReadDouble().ToString(CultureInfo.InvariantCulture),
            "int64" => input.ReadInt64().ToString(CultureInfo.InvariantCulture),
            "uint32" => input.ReadUInt32().ToString(CultureInfo.InvariantCulture),
            "fixed32" => Flags(input.ReadFixed32()),
            "fixed64" => Time(input.ReadFixed64()),
            _ => EnumValue(field.Type, input.ReadEnum()),
        };
    }

    private static string EnumValue(string type, int value) => string.Create(
        CultureInfo.InvariantCulture, $"{value}: {OtlpMessage.Enums[type].ElementAtOrDefault(value) ?? "unknown"}");

    private static string Time(ulong nano)
    {
        var time = DateTimeOffset.UnixEpoch.AddTicks((long)(nano / 100));
        return string.Create(CultureInfo.InvariantCulture, $"{time:yyyy-MM-dd HH:mm:ss.fffffff} UTC: {nano} ns");
    }

    private static string Flags(uint flags) => ((flags & 1) != 0 ? "sampled" : "not sampled")
        + ((flags & 0x300) == 0x300 ? ", parent is remote" : (flags & 0x100) != 0 ? ", parent is not remote" : "") + $": 0x{flags:x8}";
}
