using System;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices.JavaScript;
using System.Runtime.Versioning;
using System.Threading.Tasks;

[assembly: SupportedOSPlatform("browser")]

namespace TracingTutorial.Tab;

/// <summary>What the worker (worker.js) calls. The messages between worker and page are described there.</summary>
public static partial class Kernel
{
    /// <summary>Prepares the process for cells. Called once, before anything else.</summary>
    /// <param name="course">The packages and layers of the site, as JSON (tab.json).</param>
    [JSExport]
    internal static void Start(string course)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
#pragma warning disable CA1416 // What a browser does not support is the console itself. Console.ReadLine returns null with this.
        Console.SetIn(TextReader.Null);
#pragma warning restore CA1416
        Waiting.Install();
        Site.Describe(course);
        Display.Prepare();
    }

    /// <summary>Returns the address of memory for the assemblies of a bundle. The worker copies the bundle there.</summary>
    [JSExport]
    internal static int Allocate(int bytes) => Site.Allocate(bytes);

    /// <summary>Takes the assemblies of a bundle.</summary>
    /// <param name="address">What <see cref="Allocate"/> returned.</param>
    /// <param name="assemblies">The name, the offset and the length of each, as JSON.</param>
    [JSExport]
    internal static void AddBundle(int address, string assemblies) => Site.AddBundle(address, assemblies);

    /// <summary>Sets a variable of the process's environment.</summary>
    [JSExport]
    internal static void SetVariable(string name, string? value) => Environment.SetEnvironmentVariable(name, value);

    /// <summary>Compiles and runs a cell of no meaning: the compiler's first use takes seconds, and the reader need not wait for it.</summary>
    [JSExport]
    internal static Task WarmUp() => Cells.WarmUpAsync();

    /// <summary>Runs a cell. Its events, and the last of them, go to the page.</summary>
    /// <param name="cell">What the events call the cell.</param>
    /// <param name="code">The text of the cell.</param>
    /// <param name="file">The name of its file, as error messages say it.</param>
    /// <param name="line">The line of the file where the text begins, from 1.</param>
    [JSExport]
    internal static Task Run(string cell, string code, string file, int line) => Cells.RunAsync(cell, code, file, line);

    /// <summary>Sends the text that waits. The worker calls it when no code runs.</summary>
    [JSExport]
    internal static void Flush() => Output.Flush();

    /// <summary>Answers an editor's question as the engine of .NET Interactive does, as JSON.</summary>
    /// <param name="question">diagnostics, completions, hover, signature or variables.</param>
    /// <param name="code">The text of the cell.</param>
    /// <param name="line">The line of the cursor, from 0.</param>
    /// <param name="character">The column of the cursor, from 0.</param>
    [JSExport]
    internal static string Ask(string question, string code, int line, int character) => Editor.Answer(question, code, line, character);

    /// <summary>Returns how many bytes the managed objects take.</summary>
    [JSExport]
    internal static double ManagedBytes() => GC.GetTotalMemory(false);
}
