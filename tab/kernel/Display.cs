using System;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Html;
using Microsoft.DotNet.Interactive.Formatting;

namespace TracingTutorial.Tab
{
    /// <summary>Formats values as the engine of .NET Interactive does, with its own formatters.</summary>
    internal static class Display
    {
        /// <summary>The MIME type of an exercise's verdict, as in course/Runs/CellEvent.cs.</summary>
        private const string Verdict = "application/vnd.tracing-tutorial.verdict+json";

        // DisplayId is another one each time that it is asked for.
        private static readonly ConditionalWeakTable<DisplayedValue, string> Ids = [];

        /// <summary>Both forms of each value: a page shows the HTML, a terminal the text. As in the host.</summary>
        public static void Prepare()
        {
            Formatter.SetPreferredMimeTypesFor(typeof(object), HtmlFormatter.MimeType, PlainTextFormatter.MimeType);
            Formatter.SetPreferredMimeTypesFor(typeof(string), PlainTextFormatter.MimeType);
            AppContext.SetData("tracing-tutorial.verdict", Verdict); // helpers/core/NotebookHost.cs reads it

            // What x.Display() and Update() call. It is internal to the engine.
            var shown = typeof(Formatter).GetField("OnFormatterEvent", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
                ?? throw new MissingFieldException(nameof(Formatter), "OnFormatterEvent");
            shown.SetValue(null, (Action<DisplayedValue>)(value => Output.Show(Ids.GetValue(value, _ => Guid.NewGuid().ToString("N")), value.IsUpdated,
                [.. value.FormattedValues.Select(v => (v.MimeType, v.Value.Replace("\r\n", "\n")))])));
        }

        /// <summary>Shows the value that a cell ends with.</summary>
        public static void Show(object? value) => Output.Show(null, isUpdate: false,
            [.. Formatter.GetPreferredMimeTypesFor(value?.GetType() ?? typeof(object)).Select(mimeType => (mimeType, value.ToDisplayString(mimeType).Replace("\r\n", "\n")))]);
    }
}

// The names of the engine's own, so that a cell which uses them runs here too.
namespace Microsoft.DotNet.Interactive
{
    /// <summary>What a cell can call without a prefix.</summary>
    public static class Kernel
    {
        /// <summary>Shows a value.</summary>
        public static DisplayedValue display(object value, params string[] mimeTypes) => value.Display(mimeTypes);

        /// <summary>A text that is HTML.</summary>
        public static IHtmlContent HTML(string content) => new HtmlString(content);
    }
}
