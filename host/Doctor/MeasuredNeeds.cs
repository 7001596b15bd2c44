namespace TracingTutorial.Host.Doctor;

/// <summary>
/// What the course takes, as it was measured: the one place for the numbers that the doctor and the texts name (a test compares
/// them). Two cores, Linux, .NET 10.0.12, November 2026. tests/Benchmarks/README.md says how.
/// </summary>
internal static class MeasuredNeeds
{
    /// <summary>Seconds in which the kernel starts, imports a layer and draws, with its packages on the machine: quiet, and busy.</summary>
    public const int FromSeconds = 5, ToSeconds = 20;

    /// <summary>Above this, something is wrong, or packages were fetched.</summary>
    public const int SlowSeconds = 60;

    /// <summary>Megabytes that the kernel of a lesson holds at its peak, from lesson to lesson.</summary>
    public const int FromMegabytes = 335, ToMegabytes = 425;

    /// <summary>Megabytes that the player holds without its kernels.</summary>
    public const int PlayerMegabytes = 130;

    /// <summary>
    /// Megabytes on disk after <c>doctor --prepare</c>, where nothing was before: packages with NuGet's own cache, and what was built.
    /// </summary>
    public const int PackageMegabytes = 831, BuiltMegabytes = 62;
}
