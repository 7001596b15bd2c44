using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using static TracingTutorial.Tests.LessonHost;

namespace TracingTutorial.Tests;

/// <summary>What a learner did is there again: in another tab, on another day, in another version of the lesson.</summary>
public sealed class PlayerKeepTests(PlayerFixture player) : KeepTests(player), IClassFixture<PlayerFixture>
{
    private readonly PlayerFixture player = player;

    [Fact]
    public async Task What_was_kept_and_cannot_be_read_is_put_aside_and_the_lesson_opens()
    {
        const string kept = "{\"cells\": [{\"original\"";
        var lesson = player.Write("59-half", "# Unreadable", Code("1"));
        var file = Path.Combine(player.Progress, lesson + ".json");
        Directory.CreateDirectory(player.Progress);
        await File.WriteAllTextAsync(file, kept);

        await using var shown = await player.OpenAsync(lesson);
        await Expect(shown.Page.Locator("#notice")).ToContainTextAsync($"put aside, as {lesson}.json.unreadable");
        await Expect(shown.Page.Cell(0).Locator(".source")).ToHaveTextAsync("1");
        Assert.Equal(kept, await File.ReadAllTextAsync(file + ".unreadable"));
        Assert.StartsWith("{\"cells\":{", await File.ReadAllTextAsync(file));
    }

    [Fact(Explicit = true)]
    public async Task Two_tabs_are_in_step()
    {
        var lesson = player.Write("52-tabs", "# Tabs\n\nWhich one?\n\n- **A.** this\n- **B.** that", Code("1"), Text("**A.** This."));
        await using var shown = await player.OpenAsync(lesson);
        var one = shown.Page;
        var two = await one.Context.NewPageAsync();
        await player.GoAsync(two, lesson);

        await two.GetByRole(AriaRole.Button, new() { Name = "B. that" }).ClickAsync();
        await Expect(one.GetByRole(AriaRole.Button, new() { Name = "B. that" })).ToHaveAttributeAsync("aria-pressed", "true");

        await one.Cell(0).WriteAsync("\"from the first tab\"");
        await Expect(two.Cell(0).Locator(".source")).ToHaveTextAsync("\"from the first tab\"");
        await one.Keyboard.PressAsync("Shift+Enter");
        await two.Cell(0).RanAsync();
        await Expect(two.Cell(0).Outputs()).ToHaveTextAsync("from the first tab");

        await two.Cell(0).WriteAsync("\"from the second tab\"");
        await two.Keyboard.PressAsync("Shift+Enter");
        await Expect(one.Cell(0).Outputs()).ToHaveTextAsync("from the second tab");
        await Expect(one.Cell(0).Locator(".view-lines")).ToContainTextAsync("second"); // its editor is open in this cell

        await Expect(one.Locator(".verdict", new() { HasText = "You said B. The right answer is A." })).ToHaveCountAsync(1);
        await two.Button("Start again").ClickAsync();
        await two.YesAsync();
        foreach (var tab in new[] { one, two })
        {
            await Expect(tab.Cell(0).Outputs()).ToBeEmptyAsync();
            await Expect(tab.GetByText("You said B.")).ToHaveCountAsync(0);
            await Expect(tab.Cell(0).Locator(".source")).ToHaveTextAsync("1");
        }
    }

    [Fact(Explicit = true)]
    public async Task A_run_goes_on_when_its_tab_is_closed()
    {
        var lesson = player.Write("53-closed", "# Closed",
            Code("while (!System.IO.File.Exists(\"go\")) await Task.Delay(20);\n\"arrived\""));
        await using (var shown = await player.OpenAsync(lesson))
        {
            await shown.Page.Cell(0).RunAsync();
            await shown.Page.Cell(0).MarkedAsync("^running");
        }

        File.WriteAllText(Path.Combine(player.Clone, "notebooks", "go"), "");
        await using var again = await player.OpenAsync(lesson);
        await again.Page.Cell(0).ShowsAsync("arrived");
    }

    [Fact(Explicit = true)]
    public async Task Progress_is_there_when_the_player_was_ended_and_started_again()
    {
        var lesson = player.Write("54-kept", "# Kept", Code("1"));
        await using (var shown = await player.OpenAsync(lesson))
        {
            await shown.Page.Cell(0).WriteAsync("\"my own work\"");
            await shown.Page.Keyboard.PressAsync("Shift+Enter");
            await shown.Page.Cell(0).RanAsync();
        }

        await player.RestartAsync();
        await using var again = await player.OpenAsync(lesson);

        await Expect(again.Page.Cell(0).Locator(".source")).ToHaveTextAsync("\"my own work\"");
        await Expect(again.Page.Cell(0).Outputs()).ToHaveTextAsync("my own work");
        await again.Page.Cell(0).RanAsync();
    }

    [Fact(Explicit = true)]
    public async Task A_lesson_that_has_changed_keeps_what_fits_and_shows_what_does_not()
    {
        var lesson = player.Write("55-changed", "# Changed", Code("1"), Code("2"), Code("3"));
        await using (var shown = await player.OpenAsync(lesson))
        {
            for (var i = 0; i < 3; i++)
            {
                await shown.Page.Cell(i).WriteAsync($"\"mine {i}\"");
                await shown.Page.Keyboard.PressAsync("Escape");
                await Expect(shown.Page.Cell(i).GetByText("edited", new() { Exact = true })).ToBeVisibleAsync();
            }
        }

        await using var open = await player.OpenAsync(lesson);
        player.Write("55-changed", "# Changed", Code("3"), Code("\"new in this version\""), Code("1"));
        // whatever the clock of the disk
        File.SetLastWriteTimeUtc(Path.Combine(player.Clone, "notebooks", "55-changed.dib"), DateTime.UtcNow.AddMinutes(1));
        await using var again = await player.OpenAsync(lesson);
        var page = again.Page;
        // the tab that was open has loaded it again
        await Expect(open.Page.Cell(1).Locator(".source")).ToHaveTextAsync("\"new in this version\"");

        await Expect(page.Cell(0).Locator(".source")).ToHaveTextAsync("\"mine 2\"");
        await Expect(page.Cell(1).Locator(".source")).ToHaveTextAsync("\"new in this version\"");
        await Expect(page.Cell(2).Locator(".source")).ToHaveTextAsync("\"mine 0\"");
        await page.GetByText("The lesson has changed: 1 of your cells no longer has its place").ClickAsync();
        await Expect(page.GetByText("\"mine 1\"")).ToBeVisibleAsync();
    }

    [Fact(Explicit = true)]
    public async Task A_lesson_that_was_saved_without_a_change_keeps_its_kernel()
    {
        var lesson = player.Write("57-saved", "# Saved", Code("var kept = 42;"), Code("kept"));
        await using var shown = await player.OpenAsync(lesson);
        await shown.Page.Cell(0).RunToEndAsync();

        File.SetLastWriteTimeUtc(Path.Combine(player.Clone, "notebooks", "57-saved.dib"), DateTime.UtcNow.AddMinutes(1));
        await ReloadAsync(shown.Page);
        await shown.Page.Cell(1).RunAsync();
        await shown.Page.Cell(1).ShowsAsync("42");
    }

    [Fact]
    public async Task A_lesson_that_cannot_be_read_says_why_and_the_others_are_there()
    {
        File.WriteAllText(Path.Combine(player.Clone, "notebooks", "58-broken.dib"), "no notebook at all");
        await using var shown = await player.ComeInAsync();
        await shown.Page.GotoAsync(player.Origin);
        await Expect(shown.Page.GetByRole(AriaRole.Link, new() { Name = "First", Exact = true })).ToBeVisibleAsync();
        await shown.Page.GetByRole(AriaRole.Link, new() { Name = "58-broken", Exact = true }).ClickAsync();

        await Expect(shown.Page.GetByText("This lesson cannot be read.")).ToBeVisibleAsync();
        await Expect(shown.Page.GetByText("#!meta").First).ToBeVisibleAsync();
        File.Delete(Path.Combine(player.Clone, "notebooks", "58-broken.dib"));
    }

    [Fact(Explicit = true)]
    public async Task What_is_typed_while_the_connection_is_lost_goes_to_the_player_when_it_is_back()
    {
        var lesson = player.Write("59-lid", "# Lid", Code("1"), Code("2"));
        await using var shown = await player.ComeInAsync();
        var page = shown.Page;
        var open = new List<IWebSocketRoute>();
        var closed = false; // the lid of the machine
        await page.RouteWebSocketAsync(new Regex("/ws/"), socket =>
        {
            if (closed)
            {
                _ = socket.CloseAsync();
                return;
            }

            socket.ConnectToServer();
            open.Add(socket);
        });
        await player.GoAsync(page, lesson);
        await page.Cell(0).RunToEndAsync();

        closed = true;
        foreach (var socket in open)
            await socket.CloseAsync();
        await Expect(page.Locator("#state")).ToContainTextAsync("the connection is lost");
        await page.Cell(0).WriteAsync("\"typed in the train\"");
        await page.Cell(1).WriteAsync("\"and this\"");
        await page.Keyboard.PressAsync("Shift+Enter");
        await Expect(page.Locator("#notice")).ToContainTextAsync("There is no connection to the player");
        await Expect(page.Cell(0).Locator(".source")).ToHaveTextAsync("\"typed in the train\"");
        closed = false;

        await Expect(page.Locator("#state")).ToHaveTextAsync("ready");
        await ReloadAsync(page);
        await Expect(page.Cell(0).Locator(".source")).ToHaveTextAsync("\"typed in the train\"");
        await Expect(page.Cell(1).Locator(".source")).ToHaveTextAsync("\"and this\"");
    }

    [Fact]
    public async Task What_is_typed_while_the_player_is_slow_to_confirm_stays_as_it_was_typed()
    {
        var lesson = player.Write("60-slow", "# Slow", Code("1"));
        await using var shown = await player.ComeInAsync();
        var page = shown.Page;
        var (edits, confirmations) = (Channel.CreateUnbounded<string>(), Channel.CreateUnbounded<string>());
        IWebSocketRoute? tab = null;
        await page.RouteWebSocketAsync(new Regex("/ws/"), socket =>
        {
            tab = socket;
            var server = socket.ConnectToServer();
            socket.OnMessage(message =>
            {
                server.Send(message.Text!);
                if (message.Text!.Contains("\"do\":\"edit\""))
                    edits.Writer.TryWrite(message.Text);
            });
            server.OnMessage(message =>
            {
                if (message.Text!.Contains("\"type\":\"edited\""))
                    confirmations.Writer.TryWrite(message.Text);
                else
                    socket.Send(message.Text);
            });
        });
        await player.GoAsync(page, lesson);
        await page.Cell(0).WriteAsync("// one");
        await edits.Reader.ReadAsync();
        await page.Keyboard.TypeAsync(" two");
        await edits.Reader.ReadAsync();

        await ConfirmAsync("the first is confirmed");
        await page.Keyboard.TypeAsync(" three");
        await edits.Reader.ReadAsync();
        await ConfirmAsync("the second");
        await ConfirmAsync("the third");

        await Expect(page.Cell(0).Locator(".view-lines")).ToHaveTextAsync("// one two three");
        await ReloadAsync(page);
        await Expect(page.Cell(0).Locator(".source")).ToHaveTextAsync("// one two three");

        // The page has a message when it has the notice that comes behind it.
        async Task ConfirmAsync(string notice)
        {
            tab!.Send(await confirmations.Reader.ReadAsync());
            tab.Send(JsonSerializer.Serialize(new { type = "notice", text = notice }));
            await Expect(page.Locator("#notice")).ToHaveTextAsync(notice);
        }
    }

    [Fact(Explicit = true)]
    public async Task Work_is_saved_to_a_file_on_the_start_page_and_loaded_again()
    {
        var lesson = player.Write("61-work", "# Work", Code("1"));
        await using var shown = await player.OpenAsync(lesson);
        var (page, source) = (shown.Page, shown.Page.Cell(0).Locator(".source"));
        await page.Cell(0).WriteAsync("\"taken away\"");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Cell(0).GetByText("edited", new() { Exact = true })).ToBeVisibleAsync();
        var list = await page.Context.NewPageAsync();
        await list.GotoAsync(player.Origin);

        var saved = await list.RunAndWaitForDownloadAsync(() => list.Button("Save your work to a file").ClickAsync());
        var file = Path.Combine(player.Clone, saved.SuggestedFilename);
        await saved.SaveAsAsync(file);
        await page.Button("Start again").ClickAsync();
        await page.YesAsync();
        await Expect(source).ToHaveTextAsync("1");
        await list.Locator("input[type=file]").SetInputFilesAsync(file);

        await Expect(list.GetByText("loaded, joined with what was here")).ToBeVisibleAsync();
        await Expect(source).ToHaveTextAsync("\"taken away\"");
        await File.WriteAllTextAsync(file, "{}");
        await list.Locator("input[type=file]").SetInputFilesAsync(file);
        await Expect(list.GetByText("This file has no work of this course.")).ToBeVisibleAsync();
    }

    [Fact(Explicit = true)]
    public async Task The_start_page_says_how_long_each_lesson_is_what_is_solved_and_where_you_were()
    {
        var lesson = player.Write("57-solved", "# With an exercise\n\n**5 minutes.**\n\n- do one exercise",
            Code("#!import ../helpers/core.dib"), Code("// Exercise 57.1: easy\n0"), Code("// Exercise 57.2: too\n0"));
        await using var shown = await player.ComeInAsync();
        var page = shown.Page;
        await page.GotoAsync(player.Origin);
        var card = page.GetByRole(AriaRole.Listitem).Filter(new()
        {
            Has = page.GetByRole(AriaRole.Heading,
            new() { Name = "With an exercise" })
        });
        await Expect(card).ToContainTextAsync("10 minutes"); // by the rule that all lessons are measured with
        await Expect(card).ToContainTextAsync("0 of 2 exercises solved");
        await Expect(card).ToContainTextAsync("do one exercise");
        await Expect(card).Not.ToContainTextAsync("you were here");

        await card.GetByRole(AriaRole.Link).ClickAsync();
        await Drawn(page);
        await page.Cell(0).RunToEndAsync();
        await page.Cell(1).WriteAsync("\"✔ Exercise 57.1: solved\""); // a text is no verdict
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(1).MarkedAsync("^ran");
        await page.Keyboard.PressAsync("Escape");
        await page.Cell(1).WriteAsync("Exercise.Check(\"Exercise 57.1\", (\"It is so\", () => null))");
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(1).MarkedAsync("^solved");
        await page.GetByRole(AriaRole.Link, new() { Name = "All lessons" }).ClickAsync();

        await Expect(card).ToContainTextAsync("1 of 2 exercises solved");
        await Expect(card).ToContainTextAsync("you were here");
        await page.GetByRole(AriaRole.Link, new() { Name = "Go on: With an exercise" }).ClickAsync();
        await Expect(page).ToHaveURLAsync($"{player.Origin}/lesson/{lesson}");
    }

    [Fact]
    public async Task The_address_in_the_terminal_opens_the_course()
    {
        await using var shown = await player.NewPageAsync(900, 700);
        var (page, address) = (shown.Page, player.NewAddress().AbsoluteUri);
        var heading = page.GetByRole(AriaRole.Heading, new() { Name = "Distributed tracing for .NET" });
        await page.GotoAsync(player.Origin);
        await Expect(page.GetByText("the address that the terminal shows")).ToBeVisibleAsync();

        await page.GotoAsync(address);
        await Expect(heading).ToBeVisibleAsync();
        Assert.DoesNotContain("key", page.Url);
        await page.ReloadAsync();
        await Expect(heading).ToBeVisibleAsync();
        await using var second = await player.NewPageAsync(900, 700); // of somebody who has read the address
        await second.Page.GotoAsync(address);
        await Expect(second.Page.GetByText("opened before")).ToBeVisibleAsync();
    }
}
