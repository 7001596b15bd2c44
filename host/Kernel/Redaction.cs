using System;
using System.Text.RegularExpressions;

namespace TracingTutorial.Host.Kernel;

/// <summary>Removes private data from a text: keys in addresses; with a person's folders and name, those too.</summary>
/// <param name="home">The home folder: becomes <c>~</c>.</param>
/// <param name="clone">The folder of the clone: becomes <c>[clone]</c>.</param>
/// <param name="temp">The folder for temporary files: becomes <c>[temp]</c>.</param>
/// <param name="user">The user's name: as a part of a path, becomes <c>[user]</c>.</param>
internal sealed partial class Redaction(string home, string clone, string temp, string user)
{
    /// <summary>The text as it may be shown to others.</summary>
    public string Of(string text)
    {
        text = Addresses(text);
        foreach (var (folder, name) in new[] { (clone, "[clone]"), (temp, "[temp]"), (home, "~") })
        {
            if (folder.TrimEnd('/', '\\') is { Length: > 1 } path)
                text = Replaced(text, @"(?<!\w)", path, name);
        }

        return user.Length == 0 ? text : Replaced(text, @"(?<=[/\\])", user, "[user]");

        static string Replaced(string text, string before, string what, string with) =>
            Regex.Replace(text, $@"{before}{Regex.Escape(what)}(?![\w.-])", with, RegexOptions.IgnoreCase);
    }

    /// <summary>NuGet repeats the address of a feed as it was given, with its password.</summary>
    public static string Addresses(string text) =>
        Key().Replace(Query().Replace(UserInfo().Replace(text, "://***@"), "?***"), "/auth/***");

    [GeneratedRegex(@"://[^/\s'""<>]*@")]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"(?<=://[^\s?'""<>]*)\?[^\s'""<>]+")]
    private static partial Regex Query();

    [GeneratedRegex(@"/auth/[^/\s'""<>]+")]
    private static partial Regex Key();
}
