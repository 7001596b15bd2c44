using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Both sessions pass the scenarios that every session must pass (tests/Tests/conformance).</summary>
public sealed class ConformanceTests(Browser browser)
{
    public static TheoryData<string> Scenarios => [.. SessionScenario.Names];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task The_session_does(string name) =>
        SessionScenario.RunAsync(name, lesson => Task.FromResult<IDrivenSession>(new CourseSession(lesson)));

    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task The_session_in_a_tab_does(string name) => SessionScenario.RunAsync(name, lesson => TabSession.OpenAsync(browser, lesson));

    /// <summary>The session in C#.</summary>
    private sealed class CourseSession : IDrivenSession
    {
        private readonly TempFolder _progress = new();
        private readonly Dictionary<string, Viewer> _pages = [];
        private readonly MemoryKernels _kernels = new();
        private readonly KernelPool _pool;
        private readonly LessonSession _session;
        private MemoryKernel? _kernel;

        public CourseSession(Lesson lesson)
        {
            _pool = new KernelPool(_kernels.Start);
            _session = new LessonSession(
                lesson.Notebook, Course.Pages.LessonPage.Of(lesson, _ => null), _pool,
                new ProgressFolder(Path.Combine(_progress.Path, "progress")));
        }

        public Task SendAsync(string page, JsonNode message)
        {
            _session.Receive(Page(page), JsonSerializer.SerializeToElement(message));
            return Task.CompletedTask;
        }

        public async Task<JsonNode> ReadAsync(string page, CancellationToken hang) =>
            JsonNode.Parse(await Page(page).Messages.ReadAsync(hang))!;

        public Task<JsonNode?> NextAsync(string page) =>
            Task.FromResult(Page(page).Messages.TryRead(out var message) ? JsonNode.Parse(message) : null);

        public async Task<string> KernelRunsAsync(CancellationToken hang) =>
            (_kernel = await _kernels.TakeAsync(hang)).Running.Source;

        public Task ReportAsync(string what, JsonNode value)
        {
            var cell = _kernel!.Running;
            if (what == "late")
            {
                _kernel.ReportLate((string)value!);
                return Task.CompletedTask;
            }

            _kernel.Report(what switch
            {
                "prints" => new CellEvent.Printed((string)value!),
                "printsError" => new CellEvent.Printed((string)value!, ToErrorStream: true),
                "shows" => new CellEvent.Shown(
                    (string)value["text"]!, (string?)value["html"], (string?)value["id"], (bool?)value["update"] ?? false,
                    value["verdict"].Deserialize<Course.Runs.Verdict>(JsonSerializerOptions.Web)),
                "warns" => new CellEvent.Warned((string)value!),
                "progress" => new CellEvent.Progress((string)value!),
                "fails" => new CellEvent.Failed(
                    value["reason"].Deserialize<FailureReason>(),
                    new Problem(cell.File, cell.Number, cell.Line, (string)value["message"]!, "")),
                "ends" => new CellEvent.Ended(),
                _ => throw new ArgumentException($"A kernel in memory cannot report {what}."),
            });
            return Task.CompletedTask;
        }

        public Task ExitAsync(int code)
        {
            _kernel!.Exit(code);
            return Task.CompletedTask;
        }

        public async ValueTask DisposeAsync()
        {
            await _session.DisposeAsync();
            await _pool.DisposeAsync();
            _progress.Dispose();
        }

        private Viewer Page(string name) => _pages.TryGetValue(name, out var page) ? page : _pages[name] = _session.Connect();
    }
}
