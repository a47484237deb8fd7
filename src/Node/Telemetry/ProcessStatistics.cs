using System.Globalization;
using System.Runtime.InteropServices;

namespace Starling.Node.Telemetry;

/// <summary>What the operating system knows of this process; 0 where it does not say.</summary>
public static class ProcessStatistics
{
    private const double TicksPerSecond = 100;

    /// <summary>Bytes of physical memory in use.</summary>
    public static long ResidentBytes
    {
        get
        {
            var fields = ReadWords("/proc/self/statm");
            return fields.Length > 1 && long.TryParse(fields[1], CultureInfo.InvariantCulture, out var pages)
                ? pages * Environment.SystemPageSize
                : 0;
        }
    }

    /// <summary>Bytes of physical memory of the machine.</summary>
    public static long SystemMemoryBytes { get; } = ReadSystemMemory();

    /// <summary>Kernel name, release and machine, as uname says them.</summary>
    public static string OperatingSystem { get; } = DescribeOperatingSystem();

    /// <summary>Seconds of CPU of the main thread: in the kernel and outside it.</summary>
    public static (double System, double User) MainThreadCpu
    {
        get
        {
            var id = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
            var text = ReadText($"/proc/self/task/{id}/stat");

            // The second field is the name in brackets and may hold spaces; the 14th and 15th are user and system time.
            var fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Length > 12
                && long.TryParse(fields[11], CultureInfo.InvariantCulture, out var user)
                && long.TryParse(fields[12], CultureInfo.InvariantCulture, out var system)
                ? (system / TicksPerSecond, user / TicksPerSecond)
                : (0, 0);
        }
    }

    private static long ReadSystemMemory()
    {
        foreach (var line in ReadText("/proc/meminfo").Split('\n'))
        {
            if (!line.StartsWith("MemTotal:", StringComparison.Ordinal)) continue;
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 1 && long.TryParse(words[1], CultureInfo.InvariantCulture, out var kibibytes)) return kibibytes * 1024;
        }

        return GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }

    private static string DescribeOperatingSystem()
    {
        var machine = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "x86_64",
            Architecture.Arm64 => "aarch64",
            var other => other.ToString().ToLowerInvariant(),
        };
        var kernel = ReadText("/proc/sys/kernel/ostype").Trim();
        var release = ReadText("/proc/sys/kernel/osrelease").Trim();
        return kernel.Length > 0 ? $"{kernel} {release} {machine}" : RuntimeInformation.OSDescription;
    }

    private static string[] ReadWords(string path) => ReadText(path).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }
}
