using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace TracingTutorial.Benchmarks;

/// <summary>
/// Whole processes: a lesson to its first drawn trace, the whole course, the import of the helpers; our kernel process against
/// <c>dotnet-interactive stdio</c>, which VS Code drives. In turns, so that what else the machine does meets both alike.
/// </summary>
internal static class CourseBenchmark
{
    private const int Rounds = 3;

    public static int Measure()
    {
        var (root, host) = BuiltHost();
        var scratch = Directory.CreateDirectory(Path.Combine(root, "artifacts")).FullName;

        var drawing = FirstDrawing(Path.Combine(root, "notebooks", "01-setup.dib"));
        Compare("lesson 01, from its start to its first drawn trace", "our kernel process", "the tool's stdio",
            () => UntilCell(host, root, drawing, "run", "01"), () => UntilCell(host, root, drawing, "run", "01", "--tool"));

        var lessons = Directory.GetFiles(Path.Combine(root, "notebooks"), "*.dib").Order(StringComparer.Ordinal).ToArray();
        var json = Path.Combine(scratch, "course.json");
        Compare($"the whole course, {lessons.Length} lessons", $"in parallel on {Environment.ProcessorCount} cores",
            "the tool's stdio, one after the other",
            () => Seconds(() => Run(host, root, "run", "--json", json)),
            () => lessons.Sum(lesson => Milliseconds(host, root, scratch, lesson, "--tool") / 1000), rounds: 1);
        using (var results = JsonDocument.Parse(File.ReadAllText(json)))
        {
            Console.WriteLine("\npeak memory of a lesson's kernel process");
            foreach (var lesson in results.RootElement.GetProperty("notebooks").EnumerateArray())
                Console.WriteLine(FormattableString.Invariant(
                    $"  {Path.GetFileName(lesson.GetProperty("path").GetString()),-22} {lesson.GetProperty("peakMemoryBytes").GetInt64() / 1e6,5:0} MB"));
        }

        string[] layers = ["core", "shop", "headers", "otlp", "sampling", "incident", "takehome"];
        var core = Imports(scratch, "core");
        var all = Imports(scratch, layers);
        Compare("import of the helpers, packages restored", "core", "all layers",
            () => Milliseconds(host, root, scratch, core) / 1000, () => Milliseconds(host, root, scratch, all) / 1000);
        return 0;
    }

    /// <summary>The root of the clone, and the host's executable, built.</summary>
    public static (string Root, string Host) BuiltHost()
    {
        var root = FindRoot();
        Run("dotnet", root, "build", "host", "-c", "Release", "-v", "quiet");
        return (root, Path.Combine(root, "host", "bin", "Release", "net10.0",
            "tracing-tutorial" + (OperatingSystem.IsWindows() ? ".exe" : "")));
    }

    private static void Compare(string what, string nameA, string nameB, Func<double> a, Func<double> b, int rounds = Rounds)
    {
        var (timesA, timesB) = (new List<double>(), new List<double>());
        if (rounds > 1)
            _ = (a(), b()); // a warm-up
        for (var i = 0; i < rounds; i++)
        {
            timesA.Add(a());
            timesB.Add(b());
        }

        var (medianA, medianB) = (timesA.Order().ElementAt(rounds / 2), timesB.Order().ElementAt(rounds / 2));
        Console.WriteLine(
            FormattableString.Invariant(
                $"\n{what}\n  {nameA,-40} {medianA,6:0.0} s\n  {nameB,-40} {medianB,6:0.0} s\n  ratio {medianA / medianB:0.00}"));
    }

    /// <summary>The number of the first cell that draws a trace.</summary>
    private static int FirstDrawing(string lesson)
    {
        var number = 0;
        foreach (var line in File.ReadLines(lesson))
        {
            number += line is "#!csharp" or "#!markdown" ? 1 : 0;
            if (line.StartsWith("Waterfall.Of(", StringComparison.Ordinal))
                return number;
        }

        throw new InvalidOperationException($"{lesson} draws no trace.");
    }

    private static double UntilCell(string host, string root, int cell, params string[] arguments)
    {
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo(host, arguments)
        {
            WorkingDirectory = root,
            RedirectStandardOutput = true
        })!;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (!line.StartsWith($"  ok cell {cell},", StringComparison.Ordinal))
                continue;
            var elapsed = clock.Elapsed.TotalSeconds;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return elapsed;
        }

        throw new InvalidOperationException($"{string.Join(' ', arguments)} did not reach cell {cell}.");
    }

    /// <summary>How long a notebook took, from the start of its kernel to its last cell.</summary>
    private static double Milliseconds(string host, string root, string scratch, string notebook, params string[] options)
    {
        var json = Path.Combine(scratch, "one.json");
        Run(host, root, ["run", notebook, "--json", json, .. options]);
        using var result = JsonDocument.Parse(File.ReadAllText(json));
        return result.RootElement.GetProperty("notebooks")[0].GetProperty("milliseconds").GetDouble();
    }

    private static string Imports(string scratch, params string[] layers)
    {
        var path = Path.Combine(scratch, layers.Length == 1 ? "core.dib" : "all.dib");
        File.WriteAllText(path, "#!meta\n\n{\"kernelInfo\":{\"defaultKernelName\":\"csharp\",\"items\":[{\"name\":\"csharp\"}]}}\n\n"
            + string.Concat(layers.Select(layer => $"#!csharp\n\n#!import ../helpers/{layer}.dib\n\n")));
        return path;
    }

    private static double Seconds(Action action)
    {
        var clock = Stopwatch.StartNew();
        action();
        return clock.Elapsed.TotalSeconds;
    }

    private static void Run(string program, string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true
        })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed:\n{output}");
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "TracingTutorial.slnx")))
                return folder.FullName;
        }

        throw new InvalidOperationException("Run this in a clone of the tutorial.");
    }
}
