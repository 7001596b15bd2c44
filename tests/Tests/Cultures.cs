using System;
using System.Globalization;

namespace TracingTutorial.Tests;

/// <summary>
/// Cultures that write numbers in other ways than HTML, CSS and SVG do. Made by hand, because the tests run with invariant
/// globalization, which knows no culture but one.
/// </summary>
internal static class Cultures
{
    public static readonly string[] All = ["", "de-DE", "fa-IR"];

    /// <summary>What the function gives while the culture is the current one.</summary>
    public static T In<T>(string culture, Func<T> value)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = Named(culture);
        try
        {
            return value();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static CultureInfo Named(string name)
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        var (numbers, times) = (culture.NumberFormat, culture.DateTimeFormat);
        if (name == "de-DE")
            (numbers.NumberDecimalSeparator, numbers.NumberGroupSeparator, times.DateSeparator) = (",", ".", ".");
        if (name == "fa-IR")
        {
            (numbers.NumberDecimalSeparator, numbers.NumberGroupSeparator, numbers.NegativeSign) = ("\u066B", "\u066C", "\u200E\u2212");
            (numbers.PercentSymbol, times.TimeSeparator) = ("\u066A", ".");
        }

        numbers.PercentDecimalSeparator = numbers.NumberDecimalSeparator;
        return culture;
    }
}
