using System.Threading.Tasks;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using static TracingTutorial.Tests.LessonHost;

namespace TracingTutorial.Tests;

public sealed class PlayerEditorTests(PlayerFixture player) : EditorTests(player), IClassFixture<PlayerFixture>;

public sealed class TabEditorTests(TabFixture tab) : EditorTests(tab), IClassFixture<TabFixture>;

/// <summary>What the editor knows of the code, what a keyboard alone can do, and the presenter's view.</summary>
public abstract class EditorTests(LessonHost player)
{
    [Fact(Explicit = true)]
    public async Task Completions_are_those_of_the_running_program()
    {
        await using var shown = await OpenAsync("70-completions", "var parcels = new List<string>();", "");
        var page = shown.Page;

        await page.Cell(1).WriteAsync(" ");
        await page.Keyboard.TypeAsync("parcels.AddR");
        var list = page.GetByRole(AriaRole.Listbox).GetByRole(AriaRole.Option, new() { Name = "AddRange" }).First;
        await list.WaitForAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Cell(1).Locator(".view-lines")).ToContainTextAsync("parcels.AddRange");
    }

    [Fact(Explicit = true)]
    public async Task A_name_under_the_pointer_says_what_it_is()
    {
        await using var shown = await OpenAsync("71-hover", "var parcels = new List<string>();", "parcels");
        var page = shown.Page;

        await page.Cell(1).Locator(".source").ClickAsync();
        var hover = page.Locator(".monaco-hover").Filter(new() { Visible = true, HasText = "List<string>" });
        for (var tries = 0; tries < 200 && await hover.CountAsync() == 0; tries++)
        {
            await page.Mouse.MoveAsync(0, 0); // a move that comes before the editor listens shows nothing
            await page.Cell(1).Locator(".view-line span").Last.HoverAsync();
            await Task.WhenAny(hover.First.WaitForAsync(new() { Timeout = 1000 }));
        }

        Assert.Equal(1, await hover.CountAsync());
    }

    [Fact(Explicit = true)]
    public async Task Lines_that_are_typed_on_Windows_are_like_all_others()
    {
        await using var shown = await player.ComeInAsync();
        var page = shown.Page;
        await page.AddInitScriptAsync(
            "Object.defineProperty(Navigator.prototype, 'userAgent', { get: () => 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)' })");
        await player.GoAsync(page, player.Write("79-windows", "# Windows", Code("1"), Code("2")));

        await page.Cell(0).WriteAsync("");
        await page.Keyboard.TypeAsync("// one line\nvar two = 2;\n");
        await page.PasteAsync("\"two\""); // typed, the editor may or may not add the closing quote
        await page.Cell(0).RunAsync();

        await Expect(page.Cell(0).Outputs()).ToHaveTextAsync("two"); // what it says otherwise is in the message
        Assert.Equal("// one line\nvar two = 2;\n\"two\"", await player.KeptAsync(page, "79-windows", "1"));
    }

    [Fact(Explicit = true)]
    public async Task An_open_bracket_shows_the_parameters()
    {
        await using var shown = await OpenAsync("72-signature", "int Pick(int shelf, string article) => shelf;", "");
        var page = shown.Page;

        await page.Cell(1).WriteAsync(" ");
        await page.Keyboard.TypeAsync("Pick(");

        await Expect(page.Locator(".parameter-hints-widget.visible")).ToContainTextAsync("int shelf, string article");
    }

    [Fact(Explicit = true)]
    public async Task An_error_is_underlined_before_the_cell_is_run_and_goes_when_it_is_mended()
    {
        await using var shown = await OpenAsync("73-squiggle", "var parcels = 3;", "");
        var page = shown.Page;

        await page.Cell(1).WriteAsync("parcells + 1");
        await page.Cell(1).Locator(".squiggly-error").First.WaitForAsync();
        await page.Cell(1).Locator(".view-line span").First.HoverAsync();
        await Expect(page.Locator(".monaco-hover").Filter(new() { Visible = true })).ToContainTextAsync("CS0103");

        await page.Keyboard.PressAsync("ControlOrMeta+A");
        await page.Keyboard.PressAsync("Delete");
        await page.Keyboard.TypeAsync("parcels + 1");
        await Expect(page.Cell(1).Locator(".squiggly-error")).ToHaveCountAsync(0);
    }

    [Fact(Explicit = true)]
    public async Task The_variables_are_shown_and_follow_the_cells()
    {
        await using var shown = await OpenAsync("74-variables", "var parcels = 3;", "parcels = 4; var sender = \"warehouse\";");
        var page = shown.Page;
        var values = page.GetByRole(AriaRole.Complementary, new() { Name = "Variables" });

        await page.Button("Variables").ClickAsync();
        await Expect(values).ToContainTextAsync("parcels");
        await Expect(values).Not.ToContainTextAsync("sender");
        await page.Cell(1).RunAsync();
        await Expect(values).ToContainTextAsync("warehouse");
        await Expect(values.GetByRole(AriaRole.Row, new() { Name = "parcels" })).ToContainTextAsync("4");
        await page.Keyboard.PressAsync("Escape");
        await Expect(values).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Raw_strings_and_records_have_their_colours_in_the_editor_as_in_the_page()
    {
        await using var shown = await player.OpenAsync(player.Write("75-colours", "# Colours",
            Code("record Parcel(string To);\nvar text = \"\"\"\n    not a \"class\" here\n    \"\"\";\nvar after = 1;")));
        var cell = shown.Page.Cell(0);
        await cell.Locator(".source").ClickAsync();
        await cell.Locator(".view-lines").WaitForAsync();

        await Expect(cell.Locator(".view-line").First.Locator("span span").First).ToHaveTextAsync("record");
        var colours = await cell.EvaluateAsync<string[]>("""
            async cell => {
              const colour = text => { const s = [...cell.querySelectorAll('.view-line span span')].find(s => s.textContent.includes(text)); return s && getComputedStyle(s).color; };
              return [colour('record'), colour('var'), colour('class'), colour('not'), colour('after')];
            }
            """);
        Assert.Equal(colours[0], colours[1]); // keywords
        Assert.Equal(colours[2], colours[3]); // one string, whatever words are in it
        Assert.NotEqual(colours[1], colours[2]);
        Assert.NotEqual(colours[2], colours[4]); // and it has an end
    }

    [Fact(Explicit = true)]
    public async Task A_keyboard_is_enough()
    {
        await using var shown = await player.OpenAsync(player.Write("76-keys", "# Keys", Code("1 + 1"), Code("\"second\"")));
        var page = shown.Page;
        var focus = page.Locator(":focus");

        await page.Keyboard.PressAsync("Tab");
        await Expect(focus).ToHaveTextAsync("Skip to the content");
        await Expect(focus).ToBeInViewportAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(focus).ToHaveAttributeAsync("id", "main");
        await TabToAsync("1 + 1");

        await page.Keyboard.PressAsync("Shift+Enter"); // runs without editing
        await page.Cell(0).ShowsAsync("2");
        await page.Keyboard.PressAsync("Enter"); // edits
        await page.Cell(0).Locator(".monaco-editor.focused").WaitForAsync();
        await page.Keyboard.PressAsync("ControlOrMeta+A");
        await page.Keyboard.TypeAsync("40 + 2");
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(0).ShowsAsync("42");
        await page.Keyboard.PressAsync("Escape"); // and out again
        await Expect(page.Cell(0).Locator(".source")).ToBeFocusedAsync();
        await TabToAsync("\"second\"");

        async Task TabToAsync(string source)
        {
            for (var i = 0; i < 20 && await focus.TextContentAsync() != source; i++)
                await page.Keyboard.PressAsync("Tab");
            await Expect(focus).ToHaveTextAsync(source);
        }
    }

    [Fact(Explicit = true)]
    public async Task In_the_presenters_view_an_exercise_keeps_its_folds_and_what_a_long_cell_shows_comes_into_view()
    {
        var lesson = player.Write("78-present", "# Head", Code(new string('\n', 30).Replace("\n", "// a line\n") + "\"shown\""),
            Text("<details>\n<summary>Hint 1</summary>\n\nLook.\n\n</details>\n\n## Second\n\nText."),
            Text("<details>\n<summary>Hint 2</summary>\n\nLook.\n\n</details>"), Code("1"));
        await using var shown = await player.OpenAsync(lesson, 1280, 720);
        var page = shown.Page;
        await page.Button("Present").ClickAsync();
        await Expect(page.GetByText("Hint 1")).ToBeVisibleAsync();
        await Expect(page.Locator("#part")).ToHaveTextAsync("1 of 2");
        await page.Cell(0).RunAsync();
        await Expect(page.Cell(0).GetByText("shown", new() { Exact = true }).Last).ToBeInViewportAsync();

        await page.Keyboard.PressAsync("Shift+ArrowRight"); // without Shift it first scrolls
        await Expect(page.GetByText("Hint 1")).ToBeHiddenAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Second" })).ToBeVisibleAsync();
        await Expect(page.GetByText("Hint 2")).ToBeVisibleAsync();
        await Expect(page.Cell(1)).ToBeVisibleAsync();
    }

    [Fact(Explicit = true)]
    public async Task In_the_presenters_view_one_key_runs_shows_what_is_said_and_goes_on()
    {
        var lesson = player.Write("79-present", "# Head\n\n**Predict.** What?\n\n- **A.** This.\n- **B.** That.", Code("\"first\""),
            Text("**B.** It is that.\n\nThe next cell leads on."),
            Code("\"second\""), Code("\"third\""), Text("Look at both of them.\n\n## Behind"), Text("Said at the end."));
        await using var shown = await player.OpenAsync(lesson, 1280, 720);
        var page = shown.Page;
        var place = page.Locator("#part");
        await page.Button("Present").ClickAsync();

        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(0).ShowsAsync("first");
        await Expect(page.GetByText("It is that.")).ToBeHiddenAsync(); // the room says first what it sees
        await page.Keyboard.PressAsync("Shift+Enter");
        await Expect(page.GetByText("It is that.")).ToBeVisibleAsync();
        await Expect(page.Cell(0)).ToBeVisibleAsync(); // what it is said about is still there
        await Expect(page.GetByText("The next cell leads on.")).ToBeHiddenAsync();

        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(place).ToHaveTextAsync("2 of 4");
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(1).ShowsAsync("second");
        await page.Keyboard.PressAsync("t"); // hiding the text does not begin the part again
        await page.Keyboard.PressAsync("t");
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(2).ShowsAsync("third");
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(page.GetByText("Look at both of them.")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Behind" })).ToBeVisibleAsync();
        await Expect(page.GetByText("Look at both of them.")).ToBeHiddenAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByText("Said at the end.")).ToBeVisibleAsync(); // the page for reading has it all, in its order
        Assert.True(await page.GetByText("Look at both of them.")
            .EvaluateAsync<bool>("e => !!(e.compareDocumentPosition(document.querySelector('h2')) & Node.DOCUMENT_POSITION_FOLLOWING)"));
    }

    /// <summary>A lesson of two cells, of which the first has run.</summary>
    private async Task<BrowserPage> OpenAsync(string name, string first, string second)
    {
        var shown = await player.OpenAsync(player.Write(name, $"# {name}", Code(first),
            Code(second.Length > 0 ? second : "// write here")));
        await shown.Page.Cell(0).RunToEndAsync();
        return shown;
    }
}
