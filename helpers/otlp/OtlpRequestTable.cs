#nullable enable
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

/// <summary>
/// What came to a receiver and what it answered, one line a request: the other half of the story, since an exporter in .NET does
/// not read it. After a 200 with a partial success (spans were refused, and the answer says how many and why) .NET's exporter
/// 1.20.1 reports success: <c>ForceFlush</c> is true, and its self-diagnostics say nothing at Warning or above, and never
/// the reason (measured). The specification forbids to send those spans again.
/// </summary>
public sealed class OtlpRequestTable : NotebookView
{
    private readonly Table table = new(
        new("time", 8), new("request", 17), new("answer", 6), new("bytes", 9, Right: true), new("spans", 6, Right: true),
        new("rejected", 8, Right: true), new("what was wrong", 48))
    { RowName = "request" };

    private OtlpRequestTable(IEnumerable<OtlpRequest> requests)
    {
        foreach (var request in requests)
        {
            var refused = request.Status != 200 || request.Rejected > 0;
            table.Row(
                request.Time.ToString("HH:mm:ss", CultureInfo.InvariantCulture), $"{request.Method} {request.Path}",
                new TableCell(request.Answer) { Bad = refused },
                Number(request.Bytes), Number(request.Spans), Number(request.Rejected),
                new TableCell(request.Problem ?? "–") { Bad = refused });
        }
    }

    /// <summary>These requests: <c>OtlpRequestTable.Of(receiver.Requests)</c>.</summary>
    public static OtlpRequestTable Of(IEnumerable<OtlpRequest> requests) => new(requests.ToArray());

    /// <inheritdoc/>
    public override string ToHtml() => table.ToHtml();

    /// <inheritdoc/>
    public override string ToString() => table.ToString();

    private static string Number(int n) => n.ToString("N0", CultureInfo.InvariantCulture);
}
