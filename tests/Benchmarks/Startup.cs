using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace TracingTutorial.Benchmarks;

/// <summary>From the start of the host to the first result of a cell, against a .NET program that does nothing but print.</summary>
internal static class Startup
{
    private const int Rounds = 10;

    public static int Measure()
    {
        var root = FindRoot();
        var work = Directory.CreateTempSubdirectory("tracing-tutorial-startup-").FullName;
        try
        {
            Console.WriteLine("Building: a program that prints one line, the host, and the host compiled ahead of time (ReadyToRun).");
            File.WriteAllText(Path.Combine(work, "hello.csproj"),
                """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework><OutputType>Exe</OutputType></PropertyGroup></Project>""");
            File.WriteAllText(Path.Combine(work, "hello.cs"), "System.Console.WriteLine(42);");
            File.WriteAllText(Path.Combine(work, "first.dib"),
                "#!meta\n{\"kernelInfo\":{\"defaultKernelName\":\"csharp\",\"items\":[{\"name\":\"csharp\"}]}}\n\n#!csharp\n\n42\n");
            Run("publish", Path.Combine(work, "hello.csproj"), "-c", "Release", "-o", Path.Combine(work, "hello"));
            Run("publish", Path.Combine(root, "host"), "-c", "Release", "-o", Path.Combine(work, "host"));
            Run("publish", Path.Combine(root, "host"), "-c", "Release", "--use-current-runtime", "--self-contained", "false",
                "-p:PublishReadyToRun=true", "-o", Path.Combine(work, "host-r2r"));

            var notebook = Path.Combine(work, "first.dib");
            (string Name, Func<double> Once)[] programs =
            [
                ("hello world", () => UntilFirstResult(Path.Combine(work, "hello", "hello.dll"))),
                ("host", () => UntilFirstResult(Path.Combine(work, "host", "tracing-tutorial.dll"), notebook)),
                ("host, ReadyToRun", () => UntilFirstResult(Path.Combine(work, "host-r2r", "tracing-tutorial.dll"), notebook)),
            ];

            // In turns, so that what else the machine does meets all of them alike.
            var times = Enumerable.Range(0, Rounds).Select(_ => programs.Select(p => p.Once()).ToArray()).ToArray();
            double Median(int program) => times.Select(t => t[program]).Order().ElementAt(Rounds / 2);
            Console.WriteLine($"Median of {Rounds} starts each, from the start of the process to the line `42`:");
            for (var i = 0; i < programs.Length; i++)
                Console.WriteLine(FormattableString.Invariant($"  {programs[i].Name,-18} {Median(i),6:0} ms   {Median(i) / Median(0),5:0.0} x hello world"));
            return 0;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static double UntilFirstResult(params string[] command)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in (string[])["exec", .. command])
            start.ArgumentList.Add(argument);
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (line.Trim() != "42")
                continue;
            var elapsed = clock.Elapsed.TotalMilliseconds;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return elapsed;
        }

        throw new InvalidOperationException($"{string.Join(' ', command)} printed no result.");
    }

    private static void Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} failed:\n{output.Result}");
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
