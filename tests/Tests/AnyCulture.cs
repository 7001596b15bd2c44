using System;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>A learner's machine may write numbers in its own way; drawings, addresses and messages must not.</summary>
internal static class AnyCulture
{
    public static void Gives(string expected, Func<string> text) =>
        Assert.All(Cultures.All, culture => Assert.Equal(expected, Cultures.In(culture, text)));

    /// <summary>Both forms of a view. It is made anew each time: some of what it says is written when it is made.</summary>
    public static void DrawsTheSame(Func<NotebookView> view)
    {
        Gives(view().ToHtml(), () => view().ToHtml());
        Gives(view().ToString(), () => view().ToString());
    }
}
