using System.Runtime.InteropServices;

namespace Starling.Bench.SideBySide;

/// <summary>The processor time of the calling thread: what an operation costs, whoever else uses the machine.</summary>
internal static partial class ThreadClock
{
    private const int ThreadTime = 3; // CLOCK_THREAD_CPUTIME_ID

    /// <summary>User and system time of this thread so far, in milliseconds.</summary>
    public static double Milliseconds =>
        GetTime(ThreadTime, out var time) == 0
            ? (time.Seconds * 1e3) + (time.Nanoseconds / 1e6)
            : throw new InvalidOperationException("no clock of this thread");

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpecification time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpecification
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
