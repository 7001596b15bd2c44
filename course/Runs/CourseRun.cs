using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace TracingTutorial.Course.Runs;

/// <summary>Runs notebooks side by side, as many as there are cores, and reports them one after the other.</summary>
internal static class CourseRun
{
    /// <param name="notebooks">Their paths; they are reported in this order.</param>
    /// <param name="options">How to run them.</param>
    /// <param name="report">Called with each step. It may be slow: the cells do not wait for it.</param>
    /// <param name="cancel">Ends everything at once.</param>
    /// <returns>The results of all notebooks that were begun, in order.</returns>
    public static async Task<IReadOnlyList<LessonResult>> RunAsync(
        IReadOnlyList<string> notebooks, RunOptions options, Action<RunEvent> report, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var cores = new SemaphoreSlim(Environment.ProcessorCount);
        var runs = notebooks.Select(path => (Path: path, Steps: Channel.CreateUnbounded<RunEvent>())).ToArray();
        var running = Task.WhenAll(runs.Select(run => RunAsync(run.Path, run.Steps.Writer)));

        var results = new List<LessonResult>();
        foreach (var run in runs)
        {
            await foreach (var step in run.Steps.Reader.ReadAllAsync(CancellationToken.None))
            {
                report(step);
                if (step is RunEvent.LessonEnded ended)
                    results.Add(ended.Result);
            }
        }

        await running;
        return results;

        // The first waits are served first, so lessons start in their order.
        async Task RunAsync(string path, ChannelWriter<RunEvent> steps)
        {
            try
            {
                await cores.WaitAsync(stop.Token);
                try
                {
                    var result = await LessonRun.RunAsync(path, options, step => steps.TryWrite(step), stop.Token);
                    if (options.FailFast && result.Failed)
                        await stop.CancelAsync();
                }
                finally
                {
                    cores.Release();
                }
            }
            catch (OperationCanceledException)
            {
                // It was not begun.
            }
            finally
            {
                steps.Complete();
            }
        }
    }
}
