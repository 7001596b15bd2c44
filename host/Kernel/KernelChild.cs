using System;
using System.Globalization;
using System.IO;
using System.IO.Pipes;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Host.Mef;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Connection;
using Microsoft.DotNet.Interactive.CSharp;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;
using Microsoft.DotNet.Interactive.PackageManagement;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Kernel;

/// <summary>
/// The process that runs cells: the engine of .NET Interactive with its own <see cref="KernelHost"/>, on a named pipe
/// that cells do not see. What is spoken on the pipe are the engine's own JSON envelopes.
/// </summary>
internal static class KernelChild
{
    /// <summary>The hidden command: <c>kernel &lt;pipe&gt; &lt;folder&gt; [&lt;seconds a cell may run&gt;]</c>.</summary>
    public const string Command = "kernel";

    // The constructs that the cells of a lesson use.
    private const string TypicalCode =
        """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using System.Threading.Tasks;
        var numbers = new List<int> { 1, 2 };
        async Task<string> TextAsync(int? number)
        {
            using var cancel = new System.Threading.CancellationTokenSource();
            try
            {
                await Task.Delay(0, cancel.Token);
                return number is > 0 ? $"{number:0}" : number?.ToString();
            }
            catch (Exception e) when (e.InnerException is null)
            {
                throw;
            }
        }
        foreach (var group in numbers.Where(n => n > 0).GroupBy(n => n % 2, n => new { Number = n }))
        {
            using (var all = group.Select(n => n.Number).GetEnumerator())
            {
                await TextAsync(group.Key);
            }
        }
        string[] texts = [.. numbers.Select(n => $"{n}")];
        string.Join(", ", texts)
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <param name="pipeName">The pipe on which the other process listens.</param>
    /// <param name="folder">The folder of the notebook: where its paths start.</param>
    /// <param name="limit">The longest a cell may run; null for ever.</param>
    public static async Task<int> RunAsync(string pipeName, string folder, TimeSpan? limit)
    {
        // in a group of its own, so that Ctrl+C in the terminal does not reach it: the other process ends it
        ProcessTree.Join(parent: TemporaryFiles.OwnerOf(pipeName)!.Value);
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Console.OutputEncoding = Encoding.UTF8; // For text that goes past the engine: Windows has another one.
        Directory.SetCurrentDirectory(folder);
        WarmUp();
        await using var pipe = new NamedPipeClientStream(
            ".", pipeName, PipeDirection.InOut, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
        await pipe.ConnectAsync((int)Patience.TotalMilliseconds);
        var reader = new StreamReader(pipe, Encoding.UTF8);
        var receiver = new KernelCommandAndEventReceiver(async cancel =>
        {
            if (await reader.ReadLineAsync(cancel) is { } line)
                return Serializer.DeserializeCommandOrEvent(line);
            ProcessTree.EndThis(); // The other process is gone.
            return null;
        });
        // HTML in half the bytes: no browser reads this.
        Serializer.JsonSerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        var sender = new PipeSender(pipe);
        // What a cell printed before Environment.Exit.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => sender.FinishAsync().Wait(TimeSpan.FromSeconds(0.5));

        using var kernel = CreateKernel(sender, limit);
        await kernel.UseHost(sender, receiver, KernelHost.CreateHostUri("kernel")).ConnectAndWaitAsync();
        return 0;
    }

    /// <summary>
    /// Lets a second core prepare (JIT) the compiler while this one starts the engine: the first cell takes a quarter less time. It
    /// does not change the state of the kernel.
    /// </summary>
    private static void WarmUp()
    {
        _ = Task.Run(() => MefHostServices.DefaultHost); // the workspace of the engine waits for it
        _ = Task.Run(RunTypicalCodeAsync);
    }

    /// <summary>Compiles and runs a script that is typical for a lesson. The kernel is not involved.</summary>
    internal static Task<string> RunTypicalCodeAsync() => CSharpScript.EvaluateAsync<string>(
        TypicalCode, ScriptOptions.Default.AddReferences(typeof(Enumerable).Assembly));

    private static CompositeKernel CreateKernel(PipeSender sender, TimeSpan? limit)
    {
        // Both forms of each value: a page shows the HTML, a terminal the text.
        Formatter.SetPreferredMimeTypesFor(typeof(object), HtmlFormatter.MimeType, PlainTextFormatter.MimeType);
        Formatter.SetPreferredMimeTypesFor(typeof(string), PlainTextFormatter.MimeType);
        AppContext.SetData("tracing-tutorial.verdict", Verdict.MimeType); // helpers/core/NotebookHost.cs reads it

        var csharp = new CSharpKernel();
        csharp.UseNugetDirective((kernel, packages) =>
        {
            kernel.AddAssemblyReferences(packages.SelectMany(p => p.AssemblyPaths));
            return Task.CompletedTask;
        });
        csharp.UseKernelHelpers().UseWho();
        if (limit is { } most)
            CellClock.Use(csharp, sender, most);

        LateText.Use(csharp);
        MapLines(csharp);
        AnswerDiagnosticsFast(csharp);

        var composite = new CompositeKernel { csharp };
        composite.DefaultKernelName = csharp.Name;
        CheckedImport.Use(composite, csharp);
        return composite;
    }

    /// <summary>
    /// Makes the stack trace of an exception contain the line of the notebook, and the notebook's name without its folder.
    /// The engine compiles cells without this information and has no setting for it (and with its first cell it sets its
    /// options anew, so this looks before each one). If the field goes by another name one day, only the lines are missing.
    /// </summary>
    private static void MapLines(CSharpKernel csharp)
    {
        csharp.AddMiddleware((command, context, next) =>
        {
            if (CompiledLayers.OptionsOf(csharp) is { } options && options.SourceResolver != ScriptSourceResolver.Default)
            {
                CompiledLayers.SetOptionsOf(
                    csharp,
                    options.WithEmitDebugInformation(true).WithFileEncoding(Encoding.UTF8)
                        .WithSourceResolver(ScriptSourceResolver.Default));
            }

            return next(command, context);
        });
    }

    /// <summary>
    /// Answers what is wrong with an unfinished cell. The engine's own answer compiles the whole chain of cells anew, seconds
    /// after the imports; a script that goes on from the last cell is compiled alone.
    /// </summary>
    private static void AnswerDiagnosticsFast(CSharpKernel csharp) =>
        csharp.RegisterCommandHandler<RequestDiagnostics>((command, context) =>
        {
            if (csharp.ScriptState is { } state)
            {
                var found = state.Script.ContinueWith(command.Code).GetCompilation().GetDiagnostics(context.CancellationToken)
                    .Where(d => d.Severity >= DiagnosticSeverity.Warning && d.Location.IsInSource);
                context.Publish(new DiagnosticsProduced(
                    [.. found.Select(Microsoft.DotNet.Interactive.Diagnostic.FromCodeAnalysisDiagnostic)],
                    [], command));
            }

            return Task.CompletedTask;
        });
}
