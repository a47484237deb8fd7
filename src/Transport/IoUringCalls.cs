using System.Runtime.InteropServices;

namespace Starling.Transport;

/// <summary>
/// The numbers, structures and calls of io_uring(7) that this project uses. The numbers are the same on every architecture that .NET
/// runs on.
/// </summary>
internal static unsafe class IoUringCalls
{
    /// <summary>io_uring_setup's flag: one entry that is refused does not keep back those behind it. Linux 5.18.</summary>
    public const uint SubmitAll = 1 << 7;

    /// <summary>io_uring_enter's flag: waits for completions.</summary>
    public const uint GetEvents = 1;

    /// <summary>The operation send(2).</summary>
    public const byte OperationSend = 26;

    private const int SetupNumber = 425;
    private const int EnterNumber = 426;
    private const long RingsAt = 0;
    private const long EntriesAt = 0x10000000;
    private const int ReadWrite = 3; // PROT_READ | PROT_WRITE
    private const int SharedAtOnce = 0x8001; // MAP_SHARED | MAP_POPULATE

    /// <summary>Makes a ring.</summary>
    /// <param name="entries">How many submissions it holds at least; the system makes it a power of two.</param>
    /// <param name="parameters">Flags in, layout out.</param>
    /// <returns>Its descriptor, closed on exec; negative when refused, see the last error.</returns>
    public static int Setup(uint entries, Parameters* parameters) => (int)Call(SetupNumber, entries, parameters);

    /// <summary>Submits entries, and waits for completions.</summary>
    /// <param name="ring">The ring's descriptor.</param>
    /// <param name="submissions">How many entries.</param>
    /// <param name="completions">How many completions to wait for; not when fewer than all entries were taken.</param>
    /// <returns>Number of entries taken; negative when refused, see the last error.</returns>
    public static int Enter(int ring, uint submissions, uint completions) =>
        (int)Call(EnterNumber, ring, submissions, completions, GetEvents, null, 0);

    /// <summary>Maps both rings. Null when the system refuses.</summary>
    public static byte* MapRings(int ring, nuint length) => Map(ring, length, RingsAt);

    /// <summary>Maps the entries of the submissions. Null when the system refuses.</summary>
    public static Submission* MapEntries(int ring, nuint length) => (Submission*)Map(ring, length, EntriesAt);

    /// <summary>Ends a mapping.</summary>
    public static void Unmap(void* start, nuint length) => _ = UnmapMemory(start, length);

    /// <summary>Closes a ring.</summary>
    public static void Close(int ring) => _ = CloseDescriptor(ring);

    private static byte* Map(int ring, nuint length, long offset)
    {
        var start = MapMemory(null, length, ReadWrite, SharedAtOnce, ring, offset);
        return start == (byte*)-1 ? null : start;
    }

    [DllImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static extern nint Call(nint number, uint entries, Parameters* parameters);

    [DllImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static extern nint Call(nint number, nint ring, nuint submissions, nuint completions, nuint flags, void* argument, nuint length);

    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static extern byte* MapMemory(void* at, nuint length, int protection, int flags, int descriptor, long offset);

    [DllImport("libc", EntryPoint = "munmap")]
    private static extern int UnmapMemory(void* start, nuint length);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int CloseDescriptor(int descriptor);

    /// <summary>struct io_uring_params.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Parameters
    {
        public uint SubmissionEntries;
        public uint CompletionEntries;
        public uint Flags;
        public uint ThreadProcessor;
        public uint ThreadIdle;
        public uint Features;
        public uint WorkQueue;
        public fixed uint Reserved[3];
        public SubmissionOffsets Submissions;
        public CompletionOffsets Completions;
    }

    /// <summary>struct io_sqring_offsets: where the parts of the submission ring lie in its mapping.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SubmissionOffsets
    {
        public uint Head;
        public uint Tail;
        public uint Mask;
        public uint Entries;
        public uint Flags;
        public uint Dropped;
        public uint Array;
        public uint Reserved;
        public ulong Address;
    }

    /// <summary>struct io_cqring_offsets: where the parts of the completion ring lie in its mapping.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct CompletionOffsets
    {
        public uint Head;
        public uint Tail;
        public uint Mask;
        public uint Entries;
        public uint Overflow;
        public uint Completions;
        public uint Flags;
        public uint Reserved;
        public ulong Address;
    }

    /// <summary>struct io_uring_sqe, as the operation send uses it.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    public struct Submission
    {
        public byte Operation;
        public byte Flags;
        public ushort Priority;
        public int Descriptor;
        public ulong Offset;
        public void* Address;
        public uint Length;
        public uint MessageFlags;
        public ulong UserData;
    }

    /// <summary>struct io_uring_cqe.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Completion
    {
        public ulong UserData;
        public int Result;
        public uint Flags;
    }
}
