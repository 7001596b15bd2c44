using System.Linq;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>What is kept of a cell that shows or prints without end: in the player and in a browser tab.</summary>
public sealed class CellRunTests(Browser browser)
{
    private const int Bound = 2 * CellRun.MaxOutputs + 1; // with the sentence that something is left out

    [Fact]
    public void Two_streams_in_turns_are_bounded_and_the_error_stream_still_fails_the_cell()
    {
        var run = new CellRun(new Cell("/notebooks/01.dib", 1, 1, CellKind.CSharp, "1", "/notebooks"));
        foreach (var number in Enumerable.Range(0, 5000))
        {
            run.Receive(new CellEvent.Printed("o"));
            if (number > 2000)
                run.Receive(new CellEvent.Printed("e", ToErrorStream: true));
            run.Receive(new CellEvent.Shown("value"));
        }

        run.Receive(new CellEvent.Ended());

        Assert.Equal(Bound, run.Outputs.Count);
        Assert.Contains("the rest is not shown", run.Outputs[^1].Text);
        Assert.Equal(FailureReason.ErrorStream, run.Failure?.Reason);
    }

    [Fact]
    public async Task So_they_are_in_a_tab()
    {
        await using var shown = await TabSession.OpenPageAsync(browser);

        var kept = await shown.Page.EvaluateAsync<string>("""
            async () => {
              const { CellRun } = await import('/session/run.js');
              const run = new CellRun({ source: '1', file: 'a', line: 1 });
              for (let number = 0; number < 5000; number++) {
                run.receive({ type: 'printed', text: 'o' });
                if (number > 2000) run.receive({ type: 'printed', text: 'e', toErrorStream: true });
                run.receive({ type: 'shown', text: 'value' });
              }
              run.receive({ type: 'ended' });
              return `${run.outputs.length} ${run.outputs.at(-1).text.includes('the rest is not shown')} ${run.failure?.reason}`;
            }
            """);

        Assert.Equal($"{Bound} true errorStream", kept);
    }
}
