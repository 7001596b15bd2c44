using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The session in C# passes the scenarios that every session must pass (tests/Tests/conformance).</summary>
public sealed class ConformanceTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(2);

    public static TheoryData<string> Scenarios => [.. All().Select(s => (string)s["name"]!)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task The_session_does(string name)
    {
        using var folder = new TempFolder();
        var scenario = All().Single(s => (string?)s["name"] == name);
        var text = TheHost.Meta + string.Join('\n', scenario["lesson"]!.AsArray().Select(line => (string?)line));
        var lesson = new Lesson(DibReader.Parse(Path.Combine(folder.Path, "lesson.dib"), text));
        var kernels = new MemoryKernels();
        await using var pool = new KernelPool(kernels.Start);
        await using var session = new LessonSession(lesson.Notebook, Course.Pages.LessonPage.Of(lesson, _ => null), pool, new ProgressFolder(Path.Combine(folder.Path, "progress")));
        using var hang = new CancellationTokenSource(Hang);
        await new Run(session, kernels, hang.Token).DoAsync(scenario["steps"]!.AsArray());
    }

    private static IEnumerable<JsonObject> All() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(TheHost.Root, "tests", "Tests", "conformance", "session.json")))!.AsArray().Select(s => s!.AsObject());

    /// <summary>One scenario.</summary>
    private sealed class Run(LessonSession session, MemoryKernels kernels, CancellationToken hang)
    {
        private readonly Dictionary<string, Viewer> _pages = [];
        private readonly List<JsonNode> _heard = []; // by page 1
        private MemoryKernel? _kernel;

        public async Task DoAsync(JsonArray steps)
        {
            foreach (var (step, number) in steps.Select((s, i) => (s!.AsObject().Single(), i + 1)))
            {
                try
                {
                    await DoAsync(step.Key, step.Value!);
                }
                catch (OperationCanceledException)
                {
                    Assert.Fail($"Step {number} did not happen: {step.Key} {step.Value!.ToJsonString()}\nPage 1 heard:\n{string.Join('\n', _heard.TakeLast(12).Select(m => m.ToJsonString()))}");
                }
            }
        }

        private async Task DoAsync(string what, JsonNode step)
        {
            switch (what)
            {
                case "page" or "page2":
                    session.Receive(Page(what), JsonSerializer.SerializeToElement(step));
                    break;
                case "expect":
                    await ExpectAsync("page", step);
                    break;
                case "expect2":
                    await ExpectAsync("page2", step);
                    break;
                case "never":
                    while (Page("page").Messages.TryRead(out var waiting))
                        _heard.Add(JsonNode.Parse(waiting)!);
                    Assert.DoesNotContain(_heard, message => Fits(message, step));
                    break;
                case "forget":
                    _heard.Clear();
                    break;
                case "kernelRuns":
                    _kernel = await kernels.TakeAsync(hang);
                    Assert.Equal((string?)step, _kernel.Running.Source);
                    break;
                case "kernelExits":
                    _kernel!.Exit((int)step);
                    break;
                case "kernel":
                    Report(step.AsObject().Single());
                    break;
                default:
                    Assert.Fail($"There is no step called {what}.");
                    break;
            }
        }

        private Viewer Page(string name) => _pages.TryGetValue(name, out var page) ? page : _pages[name] = session.Connect();

        private async Task ExpectAsync(string page, JsonNode expected)
        {
            while (true)
            {
                var message = JsonNode.Parse(await Page(page).Messages.ReadAsync(hang))!;
                if (page == "page")
                    _heard.Add(message);
                if (Fits(message, expected))
                    return;
            }
        }

        private void Report(KeyValuePair<string, JsonNode?> report)
        {
            var cell = _kernel!.Running;
            var value = report.Value!;
            if (report.Key == "late")
            {
                _kernel.ReportLate((string)value!);
                return;
            }

            _kernel.Report(report.Key switch
            {
                "prints" => new CellEvent.Printed((string)value!),
                "printsError" => new CellEvent.Printed((string)value!, ToErrorStream: true),
                "shows" => new CellEvent.Shown((string)value["text"]!, (string?)value["html"], (string?)value["id"], (bool?)value["update"] ?? false,
                    value["verdict"].Deserialize<Course.Runs.Verdict>(JsonSerializerOptions.Web)),
                "warns" => new CellEvent.Warned((string)value!),
                "progress" => new CellEvent.Progress((string)value!),
                "fails" => new CellEvent.Failed(value["reason"].Deserialize<FailureReason>(), new Problem(cell.File, cell.Number, cell.Line, (string)value["message"]!, "")),
                "ends" => new CellEvent.Ended(),
                _ => throw new ArgumentException($"A kernel in memory cannot report {report.Key}."),
            });
        }

        /// <summary>True if everything in <paramref name="expected"/> is in the message.</summary>
        private static bool Fits(JsonNode? message, JsonNode? expected) => expected switch
        {
            JsonObject fields => message is JsonObject there && fields.All(f => there.ContainsKey(f.Key) && Fits(there[f.Key], f.Value))
                && (fields.Count > 0 || there.Count == 0),
            JsonArray items => message is JsonArray there && there.Count == items.Count && items.Zip(there).All(pair => Fits(pair.Second, pair.First)),
            _ => JsonNode.DeepEquals(message, expected),
        };
    }
}
