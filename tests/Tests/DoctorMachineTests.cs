using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Commands;
using TracingTutorial.Host.Doctor;
using TracingTutorial.Host.Kernel;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>What the doctor says on machines that are not this one.</summary>
public sealed class DoctorMachineTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("WINDOWS", "SSH_CONNECTION=1", "ssh -L")]
    [InlineData("WINDOWS", "", "opens by itself")]
    [InlineData("OSX", "", "opens by itself")]
    [InlineData("LINUX", "DISPLAY=:0", "xdg-open is missing")]
    [InlineData("LINUX", "DISPLAY=:0 PATH=bin", "opens by itself")]
    [InlineData("LINUX", "WAYLAND_DISPLAY=w PATH=bin", "opens by itself")]
    [InlineData("LINUX", "DISPLAY= PATH=bin", "no screen here")]
    [InlineData("LINUX", "CODESPACES=true", "VS Code opens")]
    public void A_browser_is_never_required(string platform, string variables, string says)
    {
        _folder.Write("bin/xdg-open", "");

        var browser = On(platform, variables).Browser();

        Assert.True(browser is { Ok: true, Required: false });
        Assert.Contains(says, browser.Detail);
    }

    [Fact]
    public void A_proxy_is_a_note_when_it_is_asked_for_this_machine_too()
    {
        Uri[] feeds = [new("https://feed.example.com/index.json")];
        Uri proxy = new("http://proxy.example.com:8080");

        Assert.Equal("none", On("LINUX").Proxy(feeds).Detail);
        var excepted = (On("LINUX") with { ProxyFor = a => a.IsLoopback ? null : proxy }).Proxy(feeds);
        Assert.True(excepted.Ok);
        Assert.Contains("http://proxy.example.com:8080/ for the feeds", excepted.Detail);

        var asked = (On("LINUX", "NO_PROXY=feed.example.com SHELL=/bin/zsh") with { ProxyFor = _ => proxy }).Proxy(feeds);
        Assert.True(asked is { Ok: false, Required: false });
        Assert.Equal("`export NO_PROXY=feed.example.com,localhost,127.0.0.1`, here and in ~/.zprofile.", asked.WayOut);
        Assert.Equal("`set -Ux no_proxy localhost,127.0.0.1`",
            (On("LINUX", "no_proxy= SHELL=/usr/bin/fish") with { ProxyFor = _ => proxy }).Proxy(feeds).WayOut);
        Assert.Equal(
            "In PowerShell: `$env:NO_PROXY = \"localhost,127.0.0.1\"` for this window, `setx NO_PROXY \"localhost,127.0.0.1\"` for new "
                + "ones.",
            (On("WINDOWS") with { ProxyFor = _ => proxy }).Proxy([]).WayOut);
        // One of the two names alone is not enough.
        Assert.Contains("even for localhost",
            (On("LINUX", "NO_PROXY=127.0.0.1") with { ProxyFor = a => a.Host == "127.0.0.1" ? null : proxy }).Proxy(feeds).Detail);
    }

    [Theory]
    [InlineData("WINDOWS", "winget.exe", "`winget install Microsoft.DotNet.SDK.10`", "certutil -addstore")]
    [InlineData("WINDOWS", "brew", "Install the .NET 10 SDK: https://dotnet.microsoft.com/download", "certutil -addstore")]
    [InlineData("OSX", "apt-get", "Install the .NET 10 SDK: https://dotnet.microsoft.com/download", "security add-trusted-cert")]
    [InlineData("LINUX", "apt-get", "`sudo apt-get install dotnet-sdk-10.0`", "SSL_CERT_DIR")]
    [InlineData("LINUX", "dnf", "`sudo dnf install dotnet-sdk-10.0`", "SSL_CERT_DIR")]
    [InlineData("LINUX", "update-ca-certificates", "Install the .NET 10 SDK: https://dotnet", "sudo update-ca-certificates")]
    [InlineData("LINUX", "update-ca-trust", "Install the .NET 10 SDK: https://dotnet", "sudo update-ca-trust")]
    public void A_remedy_is_the_platforms_own_and_names_no_command_that_is_not_there(string platform, string command, string sdk,
        string certificate)
    {
        _folder.Write($"bin/{command}", "");
        var machine = On(platform, "PATH=bin");

        Assert.Contains(sdk, machine.InstallSdk());
        Assert.Contains(certificate, machine.TrustRoot());
    }

    [Fact]
    public void An_SDK_of_another_version_is_named_with_those_that_are_here()
    {
        Assert.True(Checks.Sdk((0, "10.0.401"), (0, "10.0.401 [/usr]"), On("LINUX")).Ok);
        Assert.Equal("8.0.404, 9.0.100 will not do: global.json asks for 10.0",
            Checks.Sdk((155, "The command could not be loaded, possibly because:\n * …"), (0, "8.0.404 [/usr]\n9.0.100 [/usr]"),
                On("LINUX")).Detail);
        Assert.True(Checks.Sdk((1, "no home\nat all"), (0, "10.0.401 [/usr]"), On("LINUX")) is
        { Ok: false, Detail: "`dotnet --version` fails: no home", WayOut: var look }
        && look.Contains("home folder", StringComparison.Ordinal));
        Assert.False(Checks.Sdk((0, "9.0.100"), (0, "9.0.100 [/usr]"), On("LINUX")).Ok);
        Assert.Equal("the command `dotnet` is not there", Checks.Sdk((-1, "the command `dotnet` is not there"), (-1, ""),
            On("LINUX")).Detail);
    }

    [Fact]
    public void Docker_is_one_line_that_is_never_in_the_way()
    {
        _folder.Write("bin/docker", "");
        var (full, runs) = Checks.Docker((0, "28.2.2"), (0, "2.36.0"), On("LINUX"));
        Assert.Equal((true, "engine 28.2.2, Compose 2.36.0"), (runs, full.Detail));
        string Without(int exitCode, string output, string variables, string platform = "LINUX")
        {
            var (finding, works) = Checks.Docker((exitCode, output), (125, "unknown flag"), On(platform, variables));
            Assert.True(finding is { Ok: true, Required: false } && !works);
            return finding.Detail;
        }

        Assert.StartsWith("is not here", Without(-1, "the command `docker` is not there", ""));
        Assert.Contains("its engine does not answer", Without(1, "Cannot connect to the Docker daemon", "PATH=bin"));
        Assert.Contains("start Docker Desktop", Without(1, "Cannot connect to the Docker daemon", "PATH=bin", "OSX"));
        Assert.Contains("usermod", Without(1, "permission denied while trying to connect", "PATH=bin"));
        Assert.Contains("without the Compose plugin", Without(0, "28.2.2", "PATH=bin"));
    }

    [Fact]
    public void Little_memory_is_a_note_with_a_way_out()
    {
        Assert.True(FreeResources.Memory(8_000).Ok);
        Assert.StartsWith($"8.0 GB free; a lesson takes up to {MeasuredNeeds.ToMegabytes} MB", FreeResources.Memory(8_000).Detail);
        Assert.Contains("end the player with Ctrl+C between lessons", FreeResources.Memory(1_000).WayOut);
        Assert.Contains($"One lesson in the player needs {MeasuredNeeds.ToMegabytes + MeasuredNeeds.PlayerMegabytes} MB.",
            FreeResources.Memory(300).WayOut);
        Assert.True(FreeResources.Memory(300) is { Ok: false, Required: false });
        Assert.DoesNotContain("-", FreeResources.Memory().Detail[..8]); // what this machine says of itself is a size
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_required_and_little_disk_is_a_note()
    {
        var blocked = Path.Combine(_folder.Write("a-file", ""), "packages");
        var good = Path.Combine(_folder.Path, "not", "made", "yet");

        Assert.True(FreeResources.Disk([("packages", good, "")], _ => 5_000) is { Ok: true, Detail: var plenty }
            && plenty.StartsWith("5.0 GB free; ", StringComparison.Ordinal));
        Assert.True(FreeResources.Disk([("packages", good, ""), ("temporary files", _folder.Path, "")],
            f => f == good ? 5_000 : 200) is { Ok: false, Required: false, Detail: var little }
            && little.StartsWith("200 MB free for temporary files; ", StringComparison.Ordinal));
        Assert.True(FreeResources.Disk([("packages", blocked, "Make it writable.")],
            _ => 5_000) is { Ok: false, Required: true, WayOut: "Make it writable.", Detail: var why }
            && why == $"the folder for packages, {blocked}, cannot be written");
        Assert.Contains("there is no home folder", FreeResources.Disk([("packages", ".nuget/packages", "")], _ => 5_000).Detail);
        Assert.True(FreeResources.FreeIn(good) > 0);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "not")));
    }

    [Fact]
    public void A_kernel_that_is_slow_is_a_note_and_one_that_draws_nothing_is_not_ready()
    {
        var check = new KernelCheck(_folder.Path, On("WINDOWS"));

        Assert.True(check.Judge(true, null, 59, 330, true) is { Ok: true, Required: true });
        Assert.True(check.Judge(true, null, 61, 330, true) is { Ok: false, Required: false, WayOut: var hurry }
            && hurry.Contains("virus scanner", StringComparison.Ordinal));
        Assert.True(check.Judge(false, null, 5, 330, true) is { Ok: false, Required: true, Detail: "no trace was drawn" });
        var problem = new Problem("doctor.dib", 1, 1, "No configured feed has the package.", "Add it.");
        Assert.Equal("Add it.", check.Judge(false, problem, 5, 330, true).WayOut);
        Assert.Contains("the lines above say why", check.Judge(false, problem, 5, 330, false).WayOut);
        Assert.Equal("Add it.", check.Judge(false, problem with { Message = "CS0103" }, 5, 330, false).WayOut);
    }

    [Fact]
    public void The_last_line_says_ready_ready_with_a_note_or_not_ready_and_the_next_command()
    {
        Finding fine = new("SDK", true, true, "", ""), note = new("proxy", false, false, "", ""), bad = new("the notebook kernel", false,
            true, "", "");

        Assert.Equal("Ready: every lesson runs on this machine. Next: `dotnet run --project host` opens the course.",
            DoctorCommand.Verdict([fine]));
        Assert.Equal("Ready, but see the note on proxy. Next: `dotnet run --project host` opens the course.",
            DoctorCommand.Verdict([fine, note]));
        Assert.Equal(
            "Not ready: the notebook kernel. Do what the line below it says, then run it again: `dotnet run --project host doctor`.",
            DoctorCommand.Verdict([fine, note, bad]));
    }

    [Theory]
    [InlineData("http://joe:p@ss@feed/v3/index.json", "http://***@feed/v3/index.json")]
    [InlineData("service index for source https://feed/v3/index.json?code=1&x=2.",
        "service index for source https://feed/v3/index.json?***")]
    [InlineData("https://feed/F/ours/auth/1234/api/v3", "https://feed/F/ours/auth/***/api/v3")]
    [InlineData("/home/jane/feeds and /home/janet", "~/feeds and /home/janet")]
    [InlineData("/srv/course/nuget.config, /tmp/x, /mnt/jane/feed", "[clone]/nuget.config, [temp]/x, /mnt/[user]/feed")]
    [InlineData("is it ready? yes", "is it ready? yes")]
    public void Keys_folders_and_names_are_taken_out_of_a_text(string text, string shown) =>
        Assert.Equal(shown, new Redaction("/home/jane", "/srv/course", "/tmp/", "jane").Of(text));

    [Theory]
    [InlineData("LINUX", "SSL_CERT_DIR")]
    [InlineData("WINDOWS", "certutil")]
    public async Task A_certificate_that_is_not_trusted_is_told_from_a_feed_that_does_not_answer(string platform, string remedy)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=company", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var own = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var certificate = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pfx), null);
        await using var server = await ServerAsync(200, certificate);

        var findings = await AskAsync(On(platform), server.Urls.Single());

        Assert.True(findings[0].Ok); // it answered
        Assert.True(findings[1] is { Name: "certificates", Ok: false, Required: false });
        Assert.Contains("has a certificate that this machine does not trust", findings[1].Detail);
        Assert.Contains(remedy, findings[1].WayOut);
    }

    [Theory]
    [InlineData(HttpRequestError.SecureConnectionError,
        X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation, false, "may have been revoked",
        "NOREVOCATIONCHECKBYDEFAULT=true", true)]
    [InlineData(HttpRequestError.SecureConnectionError, X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.PartialChain,
        false, "does not trust (PartialChain)", "company.crt", true)]
    [InlineData(HttpRequestError.SecureConnectionError, X509ChainStatusFlags.NotTimeValid, false, "not valid today", "clock", true)]
    [InlineData(HttpRequestError.SecureConnectionError, X509ChainStatusFlags.NoError, true, "for another name", "list source", true)]
    [InlineData(HttpRequestError.NameResolutionError, X509ChainStatusFlags.NoError, false, "a name that cannot be resolved here",
        "HTTPS_PROXY",
        false)]
    [InlineData(HttpRequestError.ProxyTunnelError, X509ChainStatusFlags.NoError, false, "the proxy refuses", "password", false)]
    public void Each_reason_has_its_own_words(HttpRequestError error, X509ChainStatusFlags chain, bool otherName, string says,
        string remedy, bool certificate)
    {
        var why = new Feeds(On("LINUX"), TimeSpan.FromSeconds(1)).Why("https://feed", new HttpRequestException(error), chain, otherName);

        Assert.Contains(says, why.Problem);
        Assert.Contains(remedy, why.WayOut);
        Assert.Equal(certificate, why.Certificate);
    }

    [Fact]
    public async Task A_feed_that_does_not_answer_is_a_note_that_says_how()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start(); // it takes the connection and says nothing
        await using var wantsPassword = await ServerAsync(401);
        await using var wrongAddress = await ServerAsync(404);

        Assert.Contains("did not answer within 1 s", await Detail($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/",
            TimeSpan.FromSeconds(1)));
        Assert.Contains("does not answer: ConnectionRefused", await Detail("http://127.0.0.1:1/v3/index.json"));
        Assert.Contains("answers 404", await Detail(wrongAddress.Urls.Single()));
        Assert.Contains("is a folder that is not there", await Detail(Path.Combine(_folder.Path, "no-feed")));
        Assert.True((await AskAsync(On("LINUX"), wantsPassword.Urls.Single())).All(f => f.Ok)); // NuGet knows it
        Assert.True((await AskAsync(On("LINUX"), _folder.Path)).All(f => f.Ok));
        Assert.True((await new Feeds(On("LINUX"), TimeSpan.FromSeconds(1)).ExamineAsync(0,
            "D https://nuget.org")) is [{ Ok: false, Required: true, Detail: "none is enabled" }]);

        async Task<string> Detail(string feed, TimeSpan? limit = null)
        {
            var findings = await AskAsync(On("LINUX"), feed, limit);
            Assert.True(findings[0] is { Ok: false, Required: false } && findings[1].Ok, findings[0].ToString());
            return findings[0].Detail;
        }
    }

    [Theory]
    [InlineData("JAEGER_UI_PORT=26686\nJAEGER_UI_PORT=36686\n")]
    [InlineData("#JAEGER_UI_PORT=26686\nJAEGER_UI_PORT=\"26687\"\r\n")]
    [InlineData("JAEGER_UI_PORT=none\n")]
    [InlineData(" JAEGER_UI_PORT=26686\nXJAEGER_UI_PORT=1\n")]
    [InlineData("JAEGER_UI_PORT=0")]
    [InlineData("")]
    public void Jaeger_is_looked_for_where_lesson_7_looks_for_it(string file)
    {
        _folder.Write("docker/.env", file);

        var place = new JaegerPlace(_folder.Path, Environment.GetEnvironmentVariable);

        Assert.Equal(JaegerPorts.Of("JAEGER_UI_PORT", 16686, Path.Combine(_folder.Path, "notebooks")), place.PortOf("JAEGER_UI_PORT"));
        Assert.Equal(4317, place.PortOf("JAEGER_OTLP_GRPC_PORT"));
        Assert.Equal(5, new JaegerPlace(_folder.Path, name => name == "JAEGER_UI_PORT" ? "5" : null).PortOf("JAEGER_UI_PORT"));
    }

    [Fact]
    public async Task Jaegers_ports_are_one_line_and_the_way_out_is_a_line_of_docker_env()
    {
        using var busy = new TcpListener(IPAddress.Any, 0);
        busy.Start();
        var taken = ((IPEndPoint)busy.LocalEndpoint).Port;
        await using var jaeger = await ServerAsync(200);
        var ui = new Uri(jaeger.Urls.Single()).Port;
        var free = OtlpReceiver.ReservePort();
        string[] others = [.. Enumerable.Range(0, 3).Select(_ => $"{OtlpReceiver.ReservePort()}")];
        JaegerPlace Place(int uiPort, int otlpPort) => new(_folder.Path, name => name switch
        {
            "JAEGER_UI_PORT" => $"{uiPort}",
            "JAEGER_OTLP_HTTP_PORT" => $"{otlpPort}",
            "JAEGER_OTLP_GRPC_PORT" => others[0],
            "JAEGER_HEALTH_PORT" => others[1],
            _ => others[2],
        });

        var blocked = await Place(free, taken).ExamineAsync(docker: true);
        Assert.True(blocked[0] is { Name: "Jaeger", Ok: true });
        Assert.True(blocked[1] is { Name: "ports", Ok: false, Required: false });
        Assert.StartsWith($"{taken} cannot be had", blocked[1].Detail);
        Assert.Matches(@"^Another one in docker/\.env: `JAEGER_OTLP_HTTP_PORT=\d+`$", blocked[1].WayOut);
        Assert.True((await Place(free, taken).ExamineAsync(docker: false))[1].Ok); // nobody here would want it

        var runs = await Place(ui, taken).ExamineAsync(docker: true);
        Assert.Equal((true, $"its API answers on port {ui}"), (runs[0].Ok, runs[0].Detail));
        Assert.True(runs[1].Ok);
        var deaf = await Place(ui, free).ExamineAsync(docker: true);
        Assert.True(deaf[0] is { Ok: false, Required: false });
        Assert.Contains($"no program listens on port {free}, where lesson 7 sends", deaf[0].Detail);
    }

    [Fact]
    public void The_texts_name_the_numbers_that_were_measured()
    {
        string Text(string path) => File.ReadAllText(Path.Combine(HostRunner.Root, path));
        var disk = FormattableString.Invariant(
            $"{(MeasuredNeeds.PackageMegabytes + MeasuredNeeds.BuiltMegabytes) / 1000.0:0.0} GB of disk");

        Assert.Contains($"up to {MeasuredNeeds.ToMegabytes} MB, and three have a kernel at once), and {disk}",
            Text("notebooks/INSTRUCTOR.md"));
        Assert.Contains(disk, Text("README.md"));
        Assert.Contains($"holds {MeasuredNeeds.FromMegabytes} to {MeasuredNeeds.ToMegabytes} MB at its peak",
            Text("tests/Benchmarks/README.md"));
        Assert.Contains($"| {MeasuredNeeds.PackageMegabytes} MB |", Text("tests/Benchmarks/README.md"));
        Assert.Contains($"| {MeasuredNeeds.BuiltMegabytes} MB |", Text("tests/Benchmarks/README.md"));
        Assert.Contains($"{MeasuredNeeds.FromSeconds} to {MeasuredNeeds.ToSeconds} s", Text("tests/Benchmarks/README.md"));
    }

    private static Task<IReadOnlyList<Finding>> AskAsync(Machine machine, string feed, TimeSpan? limit = null) =>
        new Feeds(machine, limit ?? HostRunner.Hang).ExamineAsync(0, $"E {feed}");

    private static async Task<WebApplication> ServerAsync(int status, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        var server = builder.Build();
        server.Run(http =>
        {
            http.Response.StatusCode = status;
            return http.Response.WriteAsync("""{"services":["shop"]}""");
        });
        await server.StartAsync();
        return server;
    }

    /// <summary>A machine with these variables; a PATH of "bin" is the folder of that name in the test's own.</summary>
    private Machine On(string platform, string variables = "")
    {
        var set = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=', 2)).ToDictionary(v => v[0],
            v => v[1]);
        if (set.ContainsKey("PATH"))
            set["PATH"] = Path.Combine(_folder.Path, "bin");
        return new Machine(_folder.Path, OSPlatform.Create(platform), set.GetValueOrDefault, _ => null);
    }
}
