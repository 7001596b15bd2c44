using System;
using System.IO;
using System.Runtime.CompilerServices;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// Expected drawings as files in tests/Tests/drawings. <c>REWRITE_DRAWINGS=1 dotnet test tests/Tests</c> writes them anew:
/// look at the difference before you commit it.
/// </summary>
internal static class Drawings
{
    private static readonly bool Rewrite = Environment.GetEnvironmentVariable("REWRITE_DRAWINGS") == "1";

    /// <summary>Compares with the file of this name, for example "profile.txt" or "profile.html".</summary>
    public static void Matches(string name, string actual, [CallerFilePath] string tests = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(tests)!, "drawings", name);
        if (Rewrite)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual + "\n");
        }

        Assert.True(File.Exists(path), $"There is no tests/Tests/drawings/{name}. REWRITE_DRAWINGS=1 writes it.");
        Assert.Equal(File.ReadAllText(path), actual + "\n", ignoreLineEndingDifferences: true);
    }
}
