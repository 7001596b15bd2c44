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
/// its secret, so that the page is let in. The port is in the folder, beside a file that the running player holds locked; the secret is
/// where only this user can read it.
/// </summary>
internal sealed class PlayerPlace : IDisposable
{
    private readonly string _portFile;
    private readonly FileStream? _claim; // null when another player holds it, or the folder is read-only

    private PlayerPlace(string portFile, FileStream? claim, bool isTaken, string secret)
    {
        (_portFile, _claim, LastPort, Secret) = (portFile, claim, PortIn(portFile), secret);
        Other = isTaken && LastPort is { } port ? new Uri($"http://127.0.0.1:{port}/") : null;
    }

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

        var claim = ClaimOf(Path.Combine(progress, "player.lock"), out var isTaken);
        return new PlayerPlace(Path.Combine(progress, "player"), claim, isTaken, SecretFor(progress, secrets));
    }

    /// <summary>This player listens here. If another one runs, the port of that one stays in the file.</summary>
    public void Claim(int port)
    {
        if (_claim is null)
            return;
        try
        {
            File.WriteAllText(_portFile, port.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Only the next start does not know the port.
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

    /// <summary>
    /// The locked file. It is not the one with the port: on Unix, only a file that is not shared at all is locked against other writers,
    /// and such a file cannot be read.
    /// </summary>
    private static FileStream? ClaimOf(string file, out bool isTaken)
    {
        isTaken = false;
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1);
        }
        catch (IOException)
        {
            isTaken = true;
        }
        catch (UnauthorizedAccessException)
        {
            // The folder is read-only.
        }

        return null;
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
