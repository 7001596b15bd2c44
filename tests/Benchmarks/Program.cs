using BenchmarkDotNet.Running;
using TracingTutorial.Benchmarks;

// `course` and `player` (`player editor`: a part of it) time whole processes, `receiver` requests; everything else is BenchmarkDotNet's own
// command line.
if (args is ["course", ..])
    return CourseBenchmark.Measure();
if (args is ["player", ..])
    return await PlayerBenchmark.MeasureAsync(editorAlone: args is [_, "editor"]);
if (args is ["receiver", ..])
    return await ReceiverBenchmark.MeasureAsync();

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
