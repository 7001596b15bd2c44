using BenchmarkDotNet.Running;
using TracingTutorial.Benchmarks;

// `course` times whole processes; everything else is BenchmarkDotNet's own command line.
if (args is ["course", ..])
    return CourseBenchmark.Measure();

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
