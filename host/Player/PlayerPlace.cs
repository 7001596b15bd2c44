using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Host.Player;

/// <summary>
/// What a player leaves for the next one, by folder of progress: its port, so that a page that is still open finds the new player, and
/// its secret, so that the page is let in. The port is in the folder, in a file that the running player holds locked; the secret is
/// where only this user can read it.
/// </summary>
internal sealed class PlayerPlace : IDisposable
{
    private readonly string _portFile;
    private FileStream? _claim;

    private PlayerPlace(string portFile, int? lastPort, bool isTaken, string secret) =>
        (_portFile, LastPort, Other, Secret) =
            (portFile, lastPort, isTaken && lastPort is { } port ? new Uri($"http://127.0.0.1:{port}/") : null, secret);

    /// <summary>The port of the last player; null if it is not known.</summary>
    public int? LastPort { get; }

    /// <summary>The address of a player that runs on this folder now; null when there is none.</summary>
    public Uri? Other { get; }

    /// <summary>What a page must know.</summary>
    public string Secret { get; }

    /// <summary>The place that belongs to a folder of progress.</summary>
    /// <exception cref="NotebookException">The folder cannot be made.</exception>
    /// <param name="progress">The folder.</param>
    /// <param name="secrets">Where secrets are kept; null for the user's own folder for application data.</param>
    public static PlayerPlace In(string progress, string? secrets = null)
    {
        try
        {
            Directory.CreateDirectory(progress);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new NotebookException(new Problem("--progress", null, null,
                $"The folder for your progress cannot be made: {e.Message}", "Name another folder."));
        }

        var portFile = Path.Combine(progress, "player");
        var port = PortIn(portFile);
        return new PlayerPlace(portFile, port, IsHeld(portFile), SecretFor(progress, secrets));
    }

    /// <summary>This player listens here. If another one holds the file, that one stays in it.</summary>
    public void Claim(int port)
    {
        try
        {
            _claim = new FileStream(_portFile, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
            _claim.SetLength(0);
            _claim.Write(Encoding.UTF8.GetBytes(port.ToString(CultureInfo.InvariantCulture)));
            _claim.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another player runs, or the folder is read-only: only the next start does not know the port.
        }
    }

    public void Dispose() => _claim?.Dispose();

    private static int? PortIn(string file)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return int.TryParse(reader.ReadToEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
                && port is > 0 and <= 65535
                    ? port
                    : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsHeld(string file)
    {
        try
        {
            if (File.Exists(file))
                new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.Read).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>
    /// Kept in the user's own folder for data, which no other user can read; for this start alone, if that cannot be written.
    /// </summary>
    private static string SecretFor(string progress, string? folder)
    {
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        try
        {
            var home = Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
            if (folder is null && home.Length == 0)
                return secret;
            folder ??= Path.Combine(home, "tracing-tutorial");
            var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(progress))))[..16];
            var file = Path.Combine(folder, name);
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            if (File.Exists(file) && File.ReadAllText(file) is { Length: 64 } kept)
                return kept;
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var written = new FileStream(file, options);
            written.Write(Encoding.UTF8.GetBytes(secret));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Debug.WriteLine(e.Message);
        }

        return secret;
    }
}
