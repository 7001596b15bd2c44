using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace TracingTutorial.Tab.Pack;

/// <summary>The licences of what the site gives away.</summary>
internal static class Licences
{
    /// <summary>The files, by name.</summary>
    public static IEnumerable<(string Name, byte[] Text)> Of(Places places, string sqlJs)
    {
        yield return ("dotnet.txt", File.ReadAllBytes(Path.Combine(places.RuntimePack, "LICENSE.TXT")));
        yield return ("dotnet-third-party-notices.txt", File.ReadAllBytes(Path.Combine(places.RuntimePack, "THIRD-PARTY-NOTICES.TXT")));
        yield return ("sql.js.txt", File.ReadAllBytes(Path.Combine(sqlJs, "LICENSE")));
        yield return ("README.md", Encoding.UTF8.GetBytes(Notice));
    }

    private static string Notice => $"""
        # Licences of what this site gives away

        | what | licence | changed |
        |---|---|---|
        | .NET and ASP.NET Core, Roslyn, Microsoft.DotNet.Interactive.Formatting: © .NET Foundation and contributors | MIT (dotnet.txt; others in dotnet-third-party-notices.txt) | {Changed(a => !a.StartsWith("OpenTelemetry", StringComparison.Ordinal))} |
        | OpenTelemetry .NET: © The OpenTelemetry Authors | Apache License 2.0, https://www.apache.org/licenses/LICENSE-2.0 | {Changed(a => a.StartsWith("OpenTelemetry", StringComparison.Ordinal))} |
        | Protocol Buffers (Google.Protobuf): © Google Inc. | BSD 3-Clause, https://github.com/protocolbuffers/protobuf/blob/main/LICENSE | no |
        | the Monaco editor (in the folder page/vs): © Microsoft Corporation | MIT (dotnet.txt has the text) | no |
        | sql.js: © the sql.js authors; SQLite itself is in the public domain | MIT (sql.js.txt) | two lines around the script make it a module |

        The assemblies of .NET and ASP.NET Core for Linux were written anew without the code that was compiled ahead.

        """;

    private static string Changed(Func<string, bool> which) =>
        Patches.All.Where(p => which(p.Assembly)).Select(p => $"{p.Assembly}: {p.What}").ToArray() is { Length: > 0 } all ? string.Join("; ", all) : "no";
}
