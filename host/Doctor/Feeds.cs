using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;

namespace TracingTutorial.Host.Doctor;

/// <summary>The package feeds: which there are, and whether they answer. What is cached already needs none of them.</summary>
/// <param name="machine">Whose proxy is used, and whose remedies are named.</param>
/// <param name="patience">The longest that a feed may take.</param>
internal sealed class Feeds(Machine machine, TimeSpan patience)
{
    /// <summary>The feeds that are addresses; known after <see cref="ExamineAsync"/>.</summary>
    public IReadOnlyList<Uri> Addresses { get; private set; } = [];

    /// <summary>One finding about the feeds, and one about their certificates.</summary>
    /// <param name="exitCode">Of <c>dotnet nuget list source --format Short</c>.</param>
    /// <param name="output">What it printed.</param>
    public async Task<IReadOnlyList<Finding>> ExamineAsync(int exitCode, string output)
    {
        const string name = "package feeds";
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (exitCode != 0)
        {
            var said = lines.FirstOrDefault(l => l.StartsWith("error:", StringComparison.Ordinal))?[6..].Trim()
                ?? lines.FirstOrDefault() ?? "";
            return [new Finding(name, false, true, said,
                said.Contains("NuGet.Config", StringComparison.OrdinalIgnoreCase)
                    ? "Mend that file, or give it another name: without any, NuGet makes a new one with nuget.org in it."
                    : "`dotnet nuget list source` in the clone has to show your feeds: see what it says.")];
        }

        // E: enabled, M: of the machine.
        var feeds = lines.Where(line => line.StartsWith('E')).Select(line => line[1..].TrimStart('M', ' ')).ToArray();
        if (feeds.Length == 0)
        {
            return [new Finding(name, false, true, "none is enabled",
                "`dotnet nuget add source https://api.nuget.org/v3/index.json --name nuget.org`, or your company's feed.")];
        }

        Addresses = [.. feeds.Select(f => Uri.TryCreate(f, UriKind.Absolute, out var uri) ? uri : null)
            .OfType<Uri>().Where(uri => uri.Scheme is "http" or "https")];
        var answers = await Task.WhenAll(feeds.Select(AskAsync));
        var silent = answers.Where(a => a is { Problem: not null, Certificate: false }).ToArray();
        var distrusted = answers.Where(a => a.Certificate).ToArray();
        return
        [
            new Finding(name, silent.Length == 0, false,
                silent.Length == 0 ? string.Join(", ", feeds) : string.Join("; ", silent.Select(a => $"{a.Feed} {a.Problem}")),
                "What is on this machine already runs without it. " + (silent.FirstOrDefault().WayOut ?? "")),
            new Finding("certificates", distrusted.Length == 0, false,
                distrusted.Length > 0 ? string.Join("; ", distrusted.Select(a => $"{a.Feed} {a.Problem}"))
                : Addresses.Any(a => a.Scheme == "https")
                    ? silent.Length == 0 ? "trusted" : "not seen: a feed did not answer"
                    : "no feed has one",
                distrusted.FirstOrDefault().WayOut ?? ""),
        ];
    }

    private async Task<(string Feed, string? Problem, string? WayOut, bool Certificate)> AskAsync(string feed)
    {
        if (!Uri.TryCreate(feed, UriKind.Absolute, out var address) || address.IsFile)
        {
            return Directory.Exists(address?.LocalPath ?? feed) ? (feed, null, null, false)
                : (feed, "is a folder that is not there", "Make it, or `dotnet nuget remove source` with its name.", false);
        }

        var (seen, otherName) = (X509ChainStatusFlags.NoError, false);
        using var handler = new SocketsHttpHandler { ConnectTimeout = patience, UseProxy = machine.ProxyFor(address) is not null };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, chain, errors) =>
        {
            seen = chain?.ChainStatus.Aggregate(seen, (all, status) => all | status.Status) ?? seen;
            otherName = errors == SslPolicyErrors.RemoteCertificateNameMismatch;
            return errors == SslPolicyErrors.None;
        };
        using var client = new HttpClient(handler) { Timeout = patience };
        try
        {
            using var answer = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead);
            // A feed that asks for a password can be reached, and NuGet has the password.
            return (int)answer.StatusCode is < 400 or 401 or 403 ? (feed, null, null, false)
                : (feed, $"answers {(int)answer.StatusCode}", "Check its address: `dotnet nuget list source`.", false);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or NotSupportedException)
        {
            return Why(feed, e, seen, otherName);
        }
    }

    /// <param name="feed">Its address.</param>
    /// <param name="e">What came of asking it.</param>
    /// <param name="seen">What is wrong with the chain of its certificate.</param>
    /// <param name="otherName">The certificate is trusted, but for another name.</param>
    internal (string Feed, string? Problem, string? WayOut, bool Certificate) Why(
        string feed, Exception e, X509ChainStatusFlags seen, bool otherName)
    {
        const X509ChainStatusFlags unknown = X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation;
        var error = (e as HttpRequestException)?.HttpRequestError;
        if (error == HttpRequestError.SecureConnectionError && seen != X509ChainStatusFlags.NoError && (seen & ~unknown) == 0)
        {
            return (feed, "has a certificate that may have been revoked: this machine could not check it",
                "A firewall is between you and the list of revoked ones: tell your company. Until then: "
                    + machine.Set("DOTNET_SYSTEM_NET_SECURITY_NOREVOCATIONCHECKBYDEFAULT", "true"), true);
        }

        return error switch
        {
            HttpRequestError.SecureConnectionError when otherName =>
                (feed, "has a certificate for another name", "Check its address: `dotnet nuget list source`.", true),
            HttpRequestError.SecureConnectionError when seen == X509ChainStatusFlags.NotTimeValid =>
                (feed, "has a certificate that is not valid today", "Is the clock of this machine right?", true),
            HttpRequestError.SecureConnectionError => (feed,
                $"has a certificate that this machine does not trust{(seen == 0 ? "" : $" ({seen & ~unknown})")}",
                machine.TrustRoot(), true),
            HttpRequestError.NameResolutionError => (feed, "has a name that cannot be resolved here", NoNetwork(), false),
            HttpRequestError.ProxyTunnelError =>
                (feed, "is not reached: the proxy refuses", "Check name and password in HTTPS_PROXY.", false),
            _ when e is OperationCanceledException =>
                (feed, FormattableString.Invariant($"did not answer within {patience.TotalSeconds:0} s"), NoNetwork(), false),
            _ => (feed, $"does not answer: {Innermost(e)}", NoNetwork(), false),
        };
    }

    private string NoNetwork() => "Is there a network? Behind a proxy: " + machine.Set("HTTPS_PROXY", "http://proxy.example.com:8080");

    private static string Innermost(Exception e) =>
        e.InnerException is { } inner ? Innermost(inner) : e is SocketException socket ? socket.SocketErrorCode.ToString() : e.Message;
}
