using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Runtime.InteropServices;

namespace TracingTutorial.Host.Doctor;

/// <summary>The machine as its user has set it up, and what its platform calls things. Tests bring one of their own.</summary>
/// <param name="Home">The home folder.</param>
/// <param name="Platform">Linux, macOS or Windows.</param>
/// <param name="Variable">An environment variable; null when it is not set.</param>
/// <param name="ProxyFor">The proxy that .NET would ask for an address; null for none.</param>
internal sealed record Machine(string Home, OSPlatform Platform, Func<string, string?> Variable, Func<Uri, Uri?> ProxyFor)
{
    /// <summary>The programs that .NET opens an address with, on Linux.</summary>
    private static readonly string[] Openers = ["xdg-open", "gnome-open", "kfmclient"];

    /// <summary>This one.</summary>
    public static Machine Here() => new(
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify),
        OperatingSystem.IsWindows() ? OSPlatform.Windows : OperatingSystem.IsMacOS() ? OSPlatform.OSX : OSPlatform.Linux,
        Environment.GetEnvironmentVariable,
        address => HttpClient.DefaultProxy.IsBypassed(address) ? null : HttpClient.DefaultProxy.GetProxy(address));

    private bool IsWindows => Platform == OSPlatform.Windows;

    private bool IsLinux => Platform == OSPlatform.Linux;

    /// <summary>The user can see windows of this machine: by a variable on Linux; elsewhere, unless the session is remote.</summary>
    public bool HasScreen => IsLinux ? IsSet("DISPLAY") || IsSet("WAYLAND_DISPLAY") : !IsRemote;

    private bool IsRemote => IsSet("SSH_CONNECTION");

    /// <summary>Whether a browser will show the player; never required, because the address can be copied.</summary>
    public Finding Browser() => new("browser", true, false,
        IsSet("CODESPACES") || IsSet("REMOTE_CONTAINERS") || IsSet("VSCODE_IPC_HOOK_CLI")
            ? "VS Code opens the player's address when you click it in the terminal"
        : !HasScreen ? "no screen here: open the printed address in a browser of this machine, or come over SSH with its port, under "
            + "its own number: `ssh -L 5055:127.0.0.1:5055 …`, then `dotnet run --project host -- --no-open --port 5055`"
        : IsLinux && !Openers.Any(Has) ? "nothing here opens addresses (xdg-open is missing): copy the printed one into a browser"
        : "the player opens by itself", "");

    /// <summary>Whether a proxy is between this machine and its feeds, and leaves the machine's own addresses alone.</summary>
    public Finding Proxy(IEnumerable<Uri> feeds)
    {
        string[] own = ["localhost", "127.0.0.1"];
        var outside = feeds.Select(ProxyFor).FirstOrDefault(proxy => proxy is not null);
        var asked = own.Where(name => ProxyFor(new Uri($"http://{name}:4318/")) is not null).ToArray();
        if (asked.Length == 0)
        {
            return new Finding("proxy", true, false,
                outside is null ? "none" : $"{outside} for the feeds; this machine's own addresses are excepted", "");
        }

        var before = (Variable("no_proxy") ?? Variable("NO_PROXY") ?? "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new Finding("proxy", false, false,
            $"{ProxyFor(new Uri($"http://{asked[0]}:4318/"))} is asked even for {asked[0]}: the course in the browser excepts it by "
                + "itself, but spans that VS Code, Verso, Jupyter or a program of yours sends to this machine would not arrive",
            Set(IsWindows || Variable("no_proxy") is null ? "NO_PROXY" : "no_proxy", string.Join(',', before.Union(own))));
    }

    /// <summary>How a variable gets a value, now and for good.</summary>
    public string Set(string name, string value) =>
        IsWindows ? $"In PowerShell: `$env:{name} = \"{value}\"` for this window, `setx {name} \"{value}\"` for new ones."
        : Shell() is "fish" ? $"`set -Ux {name} {value}`"
        : $"`export {name}={value}`, here and in ~/{(Shell() is "zsh" ? ".zprofile" : ".profile")}.";

    /// <summary>How the SDK comes onto this platform.</summary>
    public string InstallSdk()
    {
        const string page = "https://dotnet.microsoft.com/download/dotnet/10.0";
        var command = IsWindows ? Has("winget") ? "winget install Microsoft.DotNet.SDK.10" : null
            : !IsLinux ? null
            : Has("apt-get") ? "sudo apt-get install dotnet-sdk-10.0"
            : Has("dnf") ? "sudo dnf install dotnet-sdk-10.0"
            : Has("apk") ? "sudo apk add dotnet10-sdk" : null;
        return $"Install the .NET 10 SDK: {(command is null ? page : $"`{command}`, or {page}")}";
    }

    /// <summary>How a company's root certificate becomes trusted, so that .NET and NuGet take it.</summary>
    public string TrustRoot() => "Ask your company for its root certificate as a file company.crt. " + (
        IsWindows ? "Then `certutil -addstore -user Root company.crt`."
        : !IsLinux ? "Then `security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db company.crt`."
        : Has("update-ca-certificates") ? "Then `sudo cp company.crt /usr/local/share/ca-certificates/ && sudo update-ca-certificates`."
        : Has("update-ca-trust") ? "Then `sudo cp company.crt /etc/pki/ca-trust/source/anchors/ && sudo update-ca-trust`."
        : "Then put it into a folder of its own. " + Set("SSL_CERT_DIR", "/that/folder:/etc/ssl/certs"));

    /// <summary>How Docker's engine is started.</summary>
    public string StartDocker() =>
        !IsLinux ? "start Docker Desktop" : Has("systemctl") ? "`sudo systemctl start docker`" : "start its engine";

    /// <summary>What slows the first import down on this platform, and the way out.</summary>
    public string Hurry() => "Run the doctor again: packages may have been fetched. If it stays so, "
        + (IsWindows ? "except the clone and %USERPROFILE%\\.nuget from the virus scanner, or close what keeps the machine busy."
            : "close what keeps the machine busy, and see that clone and home are on a local disk.");

    /// <summary>True if a command can be started by its name.</summary>
    public bool Has(string command) => (Variable("PATH") ?? "").Split(IsWindows ? ';' : ':', StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(folder => Endings.Select(ending => Path.Combine(folder, command + ending)))
        .Any(File.Exists);

    private string[] Endings => IsWindows ? [".exe", ".cmd", ".bat"] : [""];

    private string? Shell() => Path.GetFileName(Variable("SHELL"));

    private bool IsSet(string name) => !string.IsNullOrEmpty(Variable(name));
}
