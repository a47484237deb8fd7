using System.Runtime.InteropServices;

namespace Starling.Bench.SideBySide;

/// <summary>
/// Which threads of a machine the kernel prefers when all want to run. A load that is to keep a server busy comes after that
/// server, and a probe that is to see the server's pauses, and not those of its own thread, comes first: on other machines, where
/// clients are in earnest, neither would share processors with the server.
/// </summary>
internal static partial class ThreadPrecedence
{
    private const int OfThread = 0; // PRIO_PROCESS, which on Linux is one thread
    private const int Low = 10; // a nice value: about a tenth of the others' weight
    private const ulong ShortestSlice = 100_000; // nanoseconds

    /// <summary>From now on the calling thread comes after others that want to run. For its lifetime: it cannot be taken back.</summary>
    public static void ComeAfterOthers()
    {
        if (SetPriority(OfThread, GetThreadId(), Low) != 0)
            throw new InvalidOperationException("setpriority: error " + Marshal.GetLastPInvokeError());
    }

    /// <summary>
    /// From now on the calling thread, which runs for some microseconds at a time, is let in when it wakes up: it asks for the
    /// shortest of slices, before which Linux from 6.12 on interrupts longer ones. Others ignore what is asked.
    /// </summary>
    public static void ComeBeforeOthers()
    {
        var attributes = new SchedulingAttributes { Size = (uint)Marshal.SizeOf<SchedulingAttributes>(), Runtime = ShortestSlice };
        if (SetAttributes(SetAttributesCall, 0, ref attributes, 0) != 0)
            throw new InvalidOperationException("sched_setattr: error " + Marshal.GetLastPInvokeError());
    }

    private static nint SetAttributesCall => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 314,
        Architecture.Arm64 => 274,
        var other => throw new PlatformNotSupportedException($"the number of sched_setattr on {other} is not known"),
    };

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SetAttributes(nint call, nint thread, ref SchedulingAttributes attributes, nint flags);

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetThreadId();

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int kind, int id, int nice);

    /// <summary>Linux's struct sched_attr, in its first version of 48 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SchedulingAttributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong Runtime;
        public ulong Deadline;
        public ulong Period;
    }
}
