using System;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Tests;

/// <summary>
/// Kernels without a process that run each cell at once and show <c>shown: </c> with its first line. A cell with the word <c>hangs</c>
/// never ends, and one with the word <c>needs</c> does not compile unless a cell with the word <c>defines</c> has run before.
/// </summary>
internal sealed class QuickKernels : IDisposable
{
    private readonly CancellationTokenSource _end = new();

    public StartKernel Start => (folder, late) =>
    {
        var kernel = new MemoryKernel(late);
        _ = AnswerAsync(kernel);
        return kernel;
    };

    public void Dispose() => _end.Cancel();

    private async Task AnswerAsync(MemoryKernel kernel)
    {
        var isDefined = false;
        while (await kernel.TakeAsync(_end.Token))
        {
            var cell = kernel.Running;
            if (cell.Source.Contains("hangs", StringComparison.Ordinal))
                continue;
            isDefined |= cell.Source.Contains("defines", StringComparison.Ordinal);
            var problem = new Problem(cell.File, cell.Number, cell.Line, "CS0103: no such name", "");
            kernel.Report(cell.Source.Contains("needs", StringComparison.Ordinal) && !isDefined
                ? new CellEvent.Failed(FailureReason.CompileError, problem)
                : new CellEvent.Shown($"shown: {cell.Source.Split('\n')[0]}"));
            kernel.Report(new CellEvent.Ended());
        }
    }
}
