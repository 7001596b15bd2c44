using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>A session with a kernel in memory, in whatever language, as a scenario drives it.</summary>
internal interface IDrivenSession : IAsyncDisposable
{
    /// <summary>A page sends a message. It connects with its first one.</summary>
    Task SendAsync(string page, JsonNode message);

    /// <summary>The next message that a page gets.</summary>
    Task<JsonNode> ReadAsync(string page, CancellationToken hang);

    /// <summary>The next message that a page has got already; null if there is none.</summary>
    Task<JsonNode?> NextAsync(string page);

    /// <summary>Waits until the newest kernel has got a cell, which runs from now on. Returns its source.</summary>
    Task<string> KernelRunsAsync(CancellationToken hang);

    /// <summary>The kernel reports something for the running cell.</summary>
    Task ReportAsync(string what, JsonNode value);

    /// <summary>The kernel ends by itself.</summary>
    Task ExitAsync(int code);
}

/// <summary>The scenarios of tests/Tests/conformance/session.json. Its README describes the steps.</summary>
internal sealed class SessionScenario
{
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(2);

    private readonly IDrivenSession _session;
    private readonly CancellationToken _hang;
    private readonly List<JsonNode> _heard = []; // by page 1

    private SessionScenario(IDrivenSession session, CancellationToken hang) => (_session, _hang) = (session, hang);

    public static IEnumerable<string> Names => All().Select(s => (string)s["name"]!);

    /// <summary>Drives a session through a scenario.</summary>
    /// <param name="name">The name of the scenario.</param>
    /// <param name="open">Opens the scenario's lesson, which is in a folder of its own.</param>
    public static async Task RunAsync(string name, Func<Lesson, Task<IDrivenSession>> open)
    {
        using var folder = new TempFolder();
        var scenario = All().Single(s => (string?)s["name"] == name);
        var text = HostRunner.Meta + string.Join('\n', scenario["lesson"]!.AsArray().Select(line => (string?)line));
        using var hang = new CancellationTokenSource(Hang);
        await using var session = await open(new Lesson(DibReader.Parse(Path.Combine(folder.Path, "lesson.dib"), text)));
        await new SessionScenario(session, hang.Token).DoAsync(scenario["steps"]!.AsArray());
    }

    private static IEnumerable<JsonObject> All() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(HostRunner.Root, "tests", "Tests", "conformance", "session.json")))!
            .AsArray().Select(s => s!.AsObject());

    private async Task DoAsync(JsonArray steps)
    {
        foreach (var (step, number) in steps.Select((s, i) => (s!.AsObject().Single(), i + 1)))
        {
            try
            {
                await DoAsync(step.Key, step.Value!);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Step {number} did not happen: {step.Key} {step.Value!.ToJsonString()}\nPage 1 heard:\n"
                    + string.Join('\n', _heard.TakeLast(12).Select(m => m.ToJsonString())));
            }
        }
    }

    private async Task DoAsync(string what, JsonNode step)
    {
        switch (what)
        {
            case "page" or "page2":
                await _session.SendAsync(what, step);
                break;
            case "expect":
                await ExpectAsync("page", step);
                break;
            case "expect2":
                await ExpectAsync("page2", step);
                break;
            case "never":
                while (await _session.NextAsync("page") is { } waiting)
                    _heard.Add(waiting);
                Assert.DoesNotContain(_heard, message => Fits(message, step));
                break;
            case "forget":
                _heard.Clear();
                break;
            case "kernelRuns":
                Assert.Equal((string?)step, await _session.KernelRunsAsync(_hang));
                break;
            case "kernelExits":
                await _session.ExitAsync((int)step);
                break;
            case "kernel":
                var report = step.AsObject().Single();
                await _session.ReportAsync(report.Key, report.Value!);
                break;
            default:
                Assert.Fail($"There is no step called {what}.");
                break;
        }
    }

    private async Task ExpectAsync(string page, JsonNode expected)
    {
        while (true)
        {
            var message = await _session.ReadAsync(page, _hang);
            if (page == "page")
                _heard.Add(message);
            if (Fits(message, expected))
                return;
        }
    }

    /// <summary>True if everything in <paramref name="expected"/> is in the message.</summary>
    private static bool Fits(JsonNode? message, JsonNode? expected) => expected switch
    {
        JsonObject fields => message is JsonObject there && fields.All(f => there.ContainsKey(f.Key) && Fits(there[f.Key], f.Value))
            && (fields.Count > 0 || there.Count == 0),
        JsonArray items => message is JsonArray there && there.Count == items.Count
            && items.Zip(there).All(pair => Fits(pair.Second, pair.First)),
        _ => JsonNode.DeepEquals(message, expected),
    };
}
