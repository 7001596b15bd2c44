using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;

namespace TracingTutorial.Tab.Pack;

/// <summary>SQLite for a browser, from npm.</summary>
internal static class SqlJs
{
    /// <summary>Installs the version of tab/package-lock.json, if it is not there. Returns its folder.</summary>
    public static string Install(string tab)
    {
        var folder = Path.Combine(tab, "node_modules", "sql.js");
        var installed = Path.Combine(tab, "node_modules", ".package-lock.json");
        var wanted = Path.Combine(tab, "package-lock.json");
        if (File.Exists(Path.Combine(folder, "dist", "sql-wasm.wasm")) && File.GetLastWriteTimeUtc(installed) >= File.GetLastWriteTimeUtc(wanted))
            return folder;
        // On Windows npm is a script, which only the shell starts.
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd", ["/c", "npm", "ci", "--omit=dev", "--no-audit", "--no-fund"])
            : new ProcessStartInfo("npm", ["ci", "--omit=dev", "--no-audit", "--no-fund"]);
        start.WorkingDirectory = tab;
        try
        {
            using var npm = Process.Start(start)!;
            npm.WaitForExit();
            if (npm.ExitCode == 0)
                return folder;
            throw new PackException($"`npm ci` in {tab} ended with exit code {npm.ExitCode}. If npm is missing: {Missing}");
        }
        catch (Win32Exception)
        {
            throw new PackException(Missing);
        }
    }

    private const string Missing = "Making the live site needs Node.js 18 or newer, with npm, for SQLite in the browser (sql.js). "
        + "Install it from https://nodejs.org, or with a package manager: `winget install OpenJS.NodeJS.LTS`, `brew install node`, `apt install nodejs npm`.";
}
