using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;
using TracingTutorial.Host.Kernel;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>What a cell may send is bounded by what it shows, not by how often it changes it.</summary>
public sealed class PipeSenderTests
{
    private readonly SubmitCode _cell = new("1");

    [Fact]
    public async Task A_value_that_is_updated_without_end_is_not_too_large_and_the_newest_one_arrives()
    {
        var lines = await SentAsync([Produced("0"), .. Enumerable.Range(1, 5000).Select(i => Updated($"{i} {new string('x', 10_000)}"))]);

        Assert.DoesNotContain("too large", string.Concat(lines));
        Assert.Contains("\"5000 xxx", lines[^1]);
    }

    [Fact]
    public async Task After_a_value_that_is_too_large_the_cell_sends_no_more_values_and_one_error()
    {
        var large = new string('x', PipeSender.MaxValueText + 1);

        var lines = await SentAsync([Produced("0"), Updated(large), Produced("1"), Produced("2"), new CommandSucceeded(_cell)]);

        Assert.Equal(3, lines.Length);
        Assert.Contains("too large", lines[1]);
        Assert.Contains("CommandSucceeded", lines[2]);
    }

    private static FormattedValue[] Text(string text) => [new(PlainTextFormatter.MimeType, text)];

    private DisplayedValueProduced Produced(string text) => new(text, _cell, Text(text), "bar");

    private DisplayedValueUpdated Updated(string text) => new(text, "bar", _cell, Text(text));

    private static async Task<string[]> SentAsync(KernelEvent[] events)
    {
        var pipe = new MemoryStream();
        var sender = new PipeSender(pipe);
        foreach (var shown in events)
            await sender.SendAsync(shown, default);
        await sender.FinishAsync();
        return Encoding.UTF8.GetString(pipe.ToArray()).Split('\n', System.StringSplitOptions.RemoveEmptyEntries);
    }
}
