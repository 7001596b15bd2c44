using BenchmarkDotNet.Running;
using TracingTutorial.Benchmarks;

// `startup` times whole processes; everything else is BenchmarkDotNet's own command line.
if (args is ["startup", ..])
    return Startup.Measure();

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
