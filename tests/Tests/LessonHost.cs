using System.Threading.Tasks;
using Microsoft.Playwright;

namespace TracingTutorial.Tests;

/// <summary>
/// Where the page of a lesson is open: in the player, over a WebSocket, or on a live site, with the session in the page. Tests of what is
/// so in both are written once, for this.
/// </summary>
public abstract class LessonHost
{
    /// <summary>Writes a lesson. Its first part is the text at its head.</summary>
    internal abstract string Write(string name, string head, params string[] parts);

    /// <summary>A page that may come in, in a browser of its own.</summary>
    internal abstract Task<BrowserPage> ComeInAsync(int width = 1100, int height = 800);

    /// <summary>The address of a lesson.</summary>
    internal abstract string AddressOf(string lesson);

    /// <summary>The text that is kept of the cell that has this one in the lesson; null if there is none.</summary>
    internal abstract Task<string?> KeptAsync(IPage page, string lesson, string original);

    /// <summary>A lesson, drawn.</summary>
    internal async Task<BrowserPage> OpenAsync(string lesson, int width = 1100, int height = 800)
    {
        var shown = await ComeInAsync(width, height);
        await GoAsync(shown.Page, lesson);
        return shown;
    }

    /// <summary>Goes to a lesson and waits until it is drawn.</summary>
    internal async Task GoAsync(IPage page, string lesson)
    {
        await page.GotoAsync(AddressOf(lesson));
        await Drawn(page);
    }

    /// <summary>Loads the page of a lesson again and waits until it is drawn.</summary>
    internal static async Task ReloadAsync(IPage page)
    {
        await page.ReloadAsync();
        await Drawn(page);
    }

    internal static Task Drawn(IPage page) => Assertions.Expect(page.Locator("body")).ToHaveAttributeAsync("data-ready", "1");

    internal static string Text(string markdown) => $"#!markdown\n\n{markdown}\n\n";

    internal static string Code(string source) => $"#!csharp\n\n{source}\n\n";
}
