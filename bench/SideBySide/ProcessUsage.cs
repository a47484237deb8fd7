using System.Globalization;
using System.Runtime.InteropServices;

namespace Starling.Bench.SideBySide;

/// <summary>What Linux says of a process.</summary>
internal static partial class ProcessUsage
{
    private const int SchedulerClock = 2; // CPUCLOCK_SCHED: user and system time of all threads, ended ones included

    /// <summary>User and system time so far, in seconds; exact to the nanosecond, unlike proc(5)'s ticks.</summary>
    public static double CpuSeconds(int process)
    {
        // clock_getcpuclockid(3): a process's clock is its number, inverted, above three bits of kind.
        if (GetTime(~process << 3 | SchedulerClock, out var time) != 0)
            throw new InvalidOperationException($"no CPU clock of process {process.ToString(CultureInfo.InvariantCulture)}");
        return time.Seconds + (time.Nanoseconds / 1e9);
    }

    /// <summary>Resident memory in bytes.</summary>
    public static long ResidentBytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpecification time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpecification
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
