using System;
using System.Globalization;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>A learner's machine may write numbers in its own way; drawings, addresses and messages must not.</summary>
internal static class AnyCulture
{
    /// <summary>The text is the same under two cultures that write numbers otherwise. (Globalization is invariant in tests, so they are made by hand.)</summary>
    public static void Gives(string expected, Func<string> text)
    {
        foreach (var (point, group, minus) in new[] { ("\u066B", "\u066C", "\u061C-"), (",", ".", "\u2212") })
        {
            var (culture, before) = ((CultureInfo)CultureInfo.InvariantCulture.Clone(), CultureInfo.CurrentCulture);
            culture.NumberFormat.NumberDecimalSeparator = culture.NumberFormat.PercentDecimalSeparator = point;
            culture.NumberFormat.NumberGroupSeparator = culture.NumberFormat.PercentGroupSeparator = group;
            culture.NumberFormat.NegativeSign = minus;
            culture.DateTimeFormat.TimeSeparator = ".";
            CultureInfo.CurrentCulture = culture;
            try
            {
                Assert.Equal(expected, text());
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
        }
    }

    /// <summary>The same for both forms of a view. It is made anew each time: what it says may be written when it is made.</summary>
    public static void DrawsTheSame(Func<NotebookView> view)
    {
        Gives(view().ToHtml(), () => view().ToHtml());
        Gives(view().ToString(), () => view().ToString());
    }
}
