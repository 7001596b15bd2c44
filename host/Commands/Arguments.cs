using System.CommandLine.Parsing;
using System.Globalization;
using System.Linq;

namespace TracingTutorial.Host.Commands;

/// <summary>Reads the values of options, and says in a sentence what is wrong with one.</summary>
internal static class Arguments
{
    /// <summary>A whole number within bounds.</summary>
    public static int? Number(ArgumentResult result, string option, int min, int max)
    {
        var text = result.Tokens.Single().Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        result.AddError($"{option} takes a number from {min} to {max}, and '{text}' is not one.");
        return null;
    }

    /// <summary>A path: any text but an empty one.</summary>
    public static string? Path(ArgumentResult result, string option)
    {
        var text = result.Tokens.Single().Value;
        if (text.Trim().Length > 0 && !text.Contains('\0'))
            return text;
        result.AddError($"{option} takes a path, and none was given.");
        return null;
    }
}
