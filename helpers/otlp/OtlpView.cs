#nullable enable
using System.Globalization;
using System.Linq;

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
        + $"<div class=\"tv-scroll\">{table.Rows()}</div>"
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
