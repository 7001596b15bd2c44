using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Player;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>What a learner wrote is kept: in two players, beside files that cannot be read, in a lesson that changes.</summary>
public sealed class ProgressTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ProgressFolder Folder => new(_folder.Path);

    private string FileOf(string lesson) => Path.Combine(_folder.Path, lesson + ".json");

    private static DateTimeOffset At(int minute) => new(2026, 11, 30, 12, minute, 0, TimeSpan.Zero);

    private static KeptLesson With(KeptLesson kept, string key, string? source, int minute, string? solvedBy = null) =>
        kept with { Cells = kept.Cells.SetItem(key, new KeptCell("original", source, At(minute)) { SolvedBy = solvedBy }) };

    [Fact]
    public void What_two_players_write_into_different_cells_is_all_there()
    {
        var merged = KeptLesson.Merge(KeptLesson.Empty, With(KeptLesson.Empty, "a", "mine", 1), With(KeptLesson.Empty, "b", "theirs", 2));
        Assert.Equal("mine", merged.Cells["a"].Source);
        Assert.Equal("theirs", merged.Cells["b"].Source);
    }

    [Theory]
    [InlineData(5, 1)]
    [InlineData(1, 5)]
    public void A_cell_that_only_one_player_changed_has_that_text_whatever_the_clocks_say(int mine, int theirs)
    {
        var known = With(KeptLesson.Empty, "a", "before", 0);
        var merged = KeptLesson.Merge(known, With(known, "a", "before", mine, solvedBy: "before"), With(known, "a", "changed", theirs));
        Assert.Equal("changed", merged.Cells["a"].Source);
        Assert.Equal("before", merged.Cells["a"].SolvedBy);
        Assert.Empty(merged.Cells["a"].Others);
    }

    [Fact]
    public void Of_two_texts_for_one_cell_the_newer_one_wins_and_the_other_one_is_kept()
    {
        var known = With(KeptLesson.Empty, "a", "before", 0);
        var (older, newer) = (With(known, "a", "older", 1), With(known, "a", "newer", 2));
        foreach (var merged in (KeptLesson[])[KeptLesson.Merge(known, older, newer), KeptLesson.Merge(known, newer, older)])
        {
            Assert.Equal("newer", merged.Cells["a"].Source);
            Assert.Equal("older", Assert.Single(merged.Cells["a"].Others).Source);
        }
    }

    [Fact]
    public void A_text_that_was_taken_from_the_others_does_not_come_back_among_them()
    {
        var known = KeptLesson.Empty with
        {
            Cells = KeptLesson.Empty.Cells.SetItem("a",
            new KeptCell("o", "one", At(1)) { Others = [new OtherText("two", At(0))] })
        };
        var mine = known with { Cells = known.Cells.SetItem("a", new KeptCell("o", "two", At(3)) { Others = [] }) };
        Assert.Empty(KeptLesson.Merge(known, mine, known).Cells["a"].Others);
    }

    [Fact]
    public void Start_again_clears_what_is_older_and_keeps_what_another_player_wrote_afterwards()
    {
        var known = With(With(KeptLesson.Empty, "a", "old", 1), "b", "old", 1);
        var merged = KeptLesson.Merge(known, known.Clear(At(5)), With(known, "b", "newer", 6));
        Assert.Equal(["b"], merged.Cells.Keys);
    }

    [Fact]
    public async Task Saved_work_is_loaded_elsewhere_and_joined_also_after_start_again()
    {
        await Folder.MergeAsync("01-setup", KeptLesson.Empty, With(With(KeptLesson.Empty, "a", "from \ud800 one", 1), "b", "b", 1));
        Folder.WriteRuns("01-setup", new Dictionary<string, KeptRun>());
        var file = WorkFile.Of(Folder);
        using var elsewhere = new TempFolder();
        var other = new ProgressFolder(elsewhere.Path);
        await other.MergeAsync("01-setup", KeptLesson.Empty, With(KeptLesson.Empty, "a", "newer", 5));

        Assert.Equal(["01-setup"], await WorkFile.LoadAsync(other, file));

        var joined = other.Read("01-setup");
        Assert.Equal(("newer", "from \ud800 one", "b"), (joined.Cells["a"].Source, joined.Cells["a"].Others[0].Source,
            joined.Cells["b"].Source));
        await other.MergeAsync("01-setup", joined, joined.Clear(At(9)));
        Assert.Empty(other.Read("01-setup").Cells);
        await WorkFile.LoadAsync(other, file);
        Assert.Equal("from \ud800 one", other.Read("01-setup").Cells["a"].Source);
    }

    [Theory]
    [InlineData("", "no work of this course")]
    [InlineData("[]", "no work of this course")]
    [InlineData("{\"course\":\"tracing-tutorial\",\"files\":{}}", "no work of this course")]
    [InlineData("{\"course\":\"other\",\"files\":{\"a.json\":{}}}", "no work of this course")]
    [InlineData("{\"course\":\"tracing-tutorial\",\"files\":{\"../a.json\":{}}}", "no work of this course")]
    [InlineData("{\"course\":\"tracing-tutorial\",\"files\":{\"a.json\":{\"version\":2}}}",
        "The part a.json of this file cannot be understood")]
    [InlineData("{\"course\":\"tracing-tutorial\",\"course\":\"tracing-tutorial\"}", "no work of this course")]
    [InlineData("{\"course\":\"tracing-tutorial\",\"files\":{\"a.json\":{},\"a.json\":{}}}", "no work of this course")]
    [InlineData("{\"course\":\"tracing-tutorial\",\"files\":{\"\\ud800.json\":{}}}", "no work of this course")]
    [InlineData("{\"course\":\"tracing-tutorial\",\"files\":{\"a.json\":{\"x\":\"\\ud800\"}}}", "no work of this course")]
    [InlineData("{\"course\":\"tracing-tutorial\",\"files\":{\"a.json\n\":{}}}", "no work of this course")]
    public async Task A_file_that_is_no_saved_work_is_refused(string text, string says)
    {
        Assert.Contains(says, (await Assert.ThrowsAsync<FormatException>(() => WorkFile.LoadAsync(Folder, text))).Message);
        Assert.Empty(Folder.Lessons);
    }

    [Fact]
    public void The_second_player_on_a_folder_knows_the_first_one_until_that_has_ended()
    {
        using var secrets = new TempFolder();
        using (var first = PlayerPlace.In(_folder.Path, secrets.Path))
        {
            Assert.Null(first.Other);
            first.Claim(4711);
            using var second = PlayerPlace.In(_folder.Path, secrets.Path);
            Assert.Equal(("http://127.0.0.1:4711/", first.Secret), (second.Other?.ToString(), second.Secret));
            second.Claim(4712);
        }

        using var next = PlayerPlace.In(_folder.Path, secrets.Path);
        Assert.Equal((null, 4711), (next.Other, next.LastPort));
    }

    [Fact]
    public void After_the_last_moment_that_there_is_a_cell_can_still_be_written()
    {
        var lesson = DibReader.Parse("/course/notebooks/test.dib", HostRunner.Cells("1"));
        var cell = lesson.Cells.ToList().FindIndex(c => c.Kind == CellKind.CSharp);
        var key = KeptLesson.KeysOf(lesson.Code)[0];
        var kept = KeptLesson.Empty with { Cells = KeptLesson.Empty.Cells.SetItem(key, new KeptCell("1", "2", DateTimeOffset.MaxValue)) };
        var state = new LearnerState(lesson, kept, new Dictionary<string, KeptRun>());

        state.Write(cell, "3");

        Assert.Equal("3", state.SourceOf(cell));
    }

    [Fact]
    public async Task Two_writers_on_one_file_lose_nothing()
    {
        var writers = Enumerable.Range(0, 4).Select(w => Task.Run(async () =>
        {
            var (known, mine) = (KeptLesson.Empty, KeptLesson.Empty);
            for (var i = 0; i < 10; i++)
            {
                mine = With(mine, $"cell {w} {i}", $"text {w} {i}", i);
                (known, _) = await Folder.MergeAsync("lesson", known, mine);
                mine = KeptLesson.Merge(known, mine, known);
            }
        }));
        await Task.WhenAll(writers);
        Assert.Equal(40, Folder.Read("lesson").Cells.Count);
    }

    [Theory]
    [InlineData("{\"cells\": {\"a\": {\"original\"")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"version\":2,\"cells\":null,\"choices\":{},\"visited\":null,\"cleared\":null}")]
    [InlineData("{\"version\":2,\"cells\":{\"a\":null},\"choices\":{},\"visited\":null,\"cleared\":null}")]
    [InlineData("{\"version\":99,\"cells\":{},\"choices\":{}}")]
    [InlineData("{\"version\":\"two\"}")]
    [InlineData("{\"cells\":[null],\"orphans\":[],\"choices\":{},\"visited\":null}")]
    public async Task A_file_that_cannot_be_understood_is_put_aside_and_none_is_replaced_by_the_next(string content)
    {
        foreach (var (attempt, name) in new[] { (1, "lesson.json.unreadable"), (2, "lesson.json.unreadable-2") })
        {
            File.WriteAllText(FileOf("lesson"), content + new string(' ', attempt));
            var (_, aside) = await Folder.MergeAsync("lesson", KeptLesson.Empty, With(KeptLesson.Empty, "a", "mine", 1));
            Assert.Equal(name, aside);
            Assert.Equal(content + new string(' ', attempt), File.ReadAllText(Path.Combine(_folder.Path, name)));
            Assert.Equal("mine", Folder.Read("lesson").Cells["a"].Source);
        }
    }

    [Fact]
    public async Task A_file_that_is_locked_is_not_a_broken_file_and_what_was_written_meanwhile_is_added_later()
    {
        await Folder.MergeAsync("lesson", KeptLesson.Empty, With(KeptLesson.Empty, "a", "an hour of work", 1));
        var notices = new List<string>();
        var merged = new TaskCompletionSource<KeptLesson>();
        await using var writer = new ProgressWriter(Folder, "lesson", (_, held) => merged.TrySetResult(held), notices.Add);
        using (new FileStream(FileOf("lesson"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.Throws<IOException>(() => Folder.Read("lesson"));
            await Assert.ThrowsAsync<IOException>(() => Folder.MergeAsync("lesson", KeptLesson.Empty,
                With(KeptLesson.Empty, "b", "more", 2)));
            writer.Put(KeptLesson.Empty, With(KeptLesson.Empty, "b", "more", 2));
        }

        Assert.Equal(["a", "b"], (await merged.Task).Cells.Keys);
        Assert.Equal("an hour of work", Folder.Read("lesson").Cells["a"].Source);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.unreadable*"));
    }

    [Fact]
    public void What_the_second_edition_kept_is_read()
    {
        File.WriteAllText(FileOf("lesson"), """
            {"cells":[{"original":"1","source":"2","outputs":[{"kind":"out","text":"2"}],"ok":true,"milliseconds":3,"solved":false},
            {"original":"// Exercise 4.1: x\n0","source":"// Exercise 4.1: x\n1","outputs":[],"ok":true,"milliseconds":1,"solved":true},
            {"original":"3","source":null,"outputs":[],"ok":null,"milliseconds":0,"solved":false}],
            "orphans":["lost"],"choices":{"What?":"B"},"visited":"2026-11-01T10:00:00+00:00"}
            """);
        var kept = Folder.Read("lesson");
        Assert.Equal("2", kept.Cells[KeptLesson.KeyOf("1")].Source);
        Assert.Equal("// Exercise 4.1: x\n1", kept.Cells["exercise 4.1"].SolvedBy);
        Assert.Equal("B", kept.Choices["What?"].Letter);
        Assert.Contains(kept.Cells.Values, c => c.Source == "lost");
        Assert.Equal(3, kept.Cells.Count);
        Assert.Equal(11, kept.Visited!.Value.Month);
    }

    [Fact]
    public void An_answer_to_an_exercise_stays_when_its_text_changes_and_another_cell_comes_back_with_its_text()
    {
        static Notebook Lesson(params string[] cells) => DibReader.Parse("/lesson.dib", HostRunner.Cells(cells));
        var before = new LearnerState(Lesson("// Exercise 4.1: old\n0", "plain"), KeptLesson.Empty, new Dictionary<string, KeptRun>());
        before.Write(0, "my answer");
        before.Write(1, "my own");

        var changed = new LearnerState(Lesson("other", "// Exercise 4.1: new\n0", "plain, changed"), before.Kept, before.Runs);
        Assert.Equal("my answer", changed.SourceOf(1));
        Assert.Equal(["plain, changed", "other"], [changed.SourceOf(2), changed.SourceOf(0)]);
        Assert.Contains("\"earlier\":true", Viewer.Text(changed.TextMessage(1)));
        Assert.Contains("my own", Viewer.Text(changed.Orphans()));

        changed.Write(1, "my answer to the new text");
        Assert.Contains("\"earlier\":false", Viewer.Text(changed.TextMessage(1)));
        var again = new LearnerState(Lesson("// Exercise 4.1: old\n0", "plain"), changed.Kept, changed.Runs);
        Assert.Equal(["my answer to the new text", "my own"], [again.SourceOf(0), again.SourceOf(1)]);
        Assert.Empty(again.Orphans());
    }

    [Fact]
    public void Outputs_are_kept_apart_and_one_that_is_too_large_is_left_out_alone()
    {
        static KeptRun Run(string text) => new("1", true, null, 1, [new Output(OutputKind.Display, text)]);
        Folder.WriteRuns("lesson", new Dictionary<string, KeptRun>
        {
            ["small"] = Run("small"),
            ["large"] = Run(new string('x', 5_000_000))
        });
        var runs = Folder.ReadRuns("lesson");
        Assert.Equal("small", runs["small"].Outputs[0].Text);
        Assert.Contains("too large to be kept", runs["large"].Outputs[0].Text);
        Assert.False(File.Exists(FileOf("lesson")));
        File.WriteAllText(Path.Combine(_folder.Path, "lesson.outputs.json"), "{");
        Assert.Empty(Folder.ReadRuns("lesson"));
    }

    [Fact]
    public async Task A_text_that_is_no_well_formed_unicode_is_kept_as_it_was_typed()
    {
        var text = "\"\ud800\" // \udc00 and 😀";
        await Folder.MergeAsync("lesson", KeptLesson.Empty, With(KeptLesson.Empty, "a", text, 1));
        Assert.Equal(text, Folder.Read("lesson").Cells["a"].Source);
    }

    [Fact]
    public async Task Two_players_on_one_folder_keep_what_was_written_in_both_and_loading_a_page_again_loses_nothing()
    {
        using var hang = new CancellationTokenSource(HostRunner.Hang);
        var lesson = DibReader.Parse(Path.Combine(_folder.Path, "lesson.dib"), HostRunner.Cells("1", "2", "3"));
        await using var pool = new KernelPool(new MemoryKernels().Start);
        await using (var first = Open())
        await using (var second = Open())
        {
            using var one = await GreetAsync(first);
            using var two = await GreetAsync(second);
            Say(first, one, new { @do = "edit", cell = 0, source = "an hour of work in the first window" });
            Say(second, two, new { @do = "edit", cell = 1, source = "one line in the second window" });
            Say(first, one, new { @do = "edit", cell = 2, source = "of the first" });
            Say(second, two, new { @do = "edit", cell = 2, source = "of the second" });
            using var again = await GreetAsync(second); // only looking
        }

        await using var third = Open();
        Assert.Equal("an hour of work in the first window", third.Kept.Cells[KeptLesson.KeyOf("1")].Source);
        Assert.Equal("one line in the second window", third.Kept.Cells[KeptLesson.KeyOf("2")].Source);
        var both = third.Kept.Cells[KeptLesson.KeyOf("3")];
        Assert.Equal(["of the first", "of the second"], both.Others.Select(o => o.Source).Append(both.Source).Order());

        LessonSession Open() => new(lesson, Course.Pages.LessonPage.Of(lesson.Lesson, _ => null), pool, Folder);

        static void Say(LessonSession session, Viewer page, object message) =>
            session.Receive(page, JsonSerializer.SerializeToElement(message));

        async Task<Viewer> GreetAsync(LessonSession session)
        {
            var page = session.Connect();
            Say(session, page, new { @do = "hello", version = (string?)null });
            while (!(await page.Messages.ReadAsync(hang.Token)).StartsWith("{\"type\":\"state\"", StringComparison.Ordinal))
            {
                // The lesson.
            }

            return page;
        }
    }
}
