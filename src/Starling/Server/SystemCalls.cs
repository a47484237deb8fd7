using System.Runtime.InteropServices;

namespace Starling.CommandLine.Server;

/// <summary>Calls of the C library that .NET has no word for.</summary>
internal static class SystemCalls
{
    private const int OpenFiles = 7; // RLIMIT_NOFILE of Linux

    /// <summary>How many descriptors the process may have open; needs none, and no other assembly.</summary>
    public static ulong MostDescriptors()
    {
        Span<ulong> limits = [0, 0];
        return OperatingSystem.IsLinux() && GetLimit(OpenFiles, ref limits[0]) == 0 ? limits[0] : ulong.MaxValue;
    }

    /// <summary>More than any C library's struct sigaction, in words; the first is the handler.</summary>
    public const int ActionLength = 64;

    /// <summary>Has a signal do again what the system has it do by itself.</summary>
    public static void GiveBack(int signal)
    {
        if (OperatingSystem.IsLinux()) _ = Action(signal, new nint[ActionLength], null);
    }

    /// <summary>The handler of a signal that does what the system has it do by itself.</summary>
    public const nint LeftToSystem = 0;

    /// <summary>The handler of a signal that is ignored.</summary>
    public const nint Ignored = 1;

    /// <summary>
    /// What the runtime calls for a signal that was registered for: its number, its name where it has one; 0 asks for what
    /// the system does by itself.
    /// </summary>
    public delegate int SignalHandler(int number, PosixSignal signal);

    /// <summary>
    /// Replaces what the runtime calls for signals, on its own thread for them. Not a documented interface of the runtime.
    /// </summary>
    [DllImport("libSystem.Native", EntryPoint = "SystemNative_SetPosixSignalHandler")]
    public static extern void SetSignalHandler(SignalHandler handler);

    [DllImport("libc", EntryPoint = "sigaction", SetLastError = true)]
    public static extern int Action(int signal, nint[]? action, [Out] nint[]? former);

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static extern int Kill(int process, int signal);

    [DllImport("libc", EntryPoint = "memfd_create", SetLastError = true)]
    public static extern int CreateMemoryFile([MarshalAs(UnmanagedType.LPUTF8Str)] string name, uint flags);

    [DllImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static extern long Seek(int descriptor, long offset, int whence);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    public static extern nint Write(int descriptor, byte[] bytes, nint count);

    /// <summary>Sets a variable for what <see cref="Execute"/> starts; the runtime has a copy of its own.</summary>
    [DllImport("libc", EntryPoint = "setenv", SetLastError = true)]
    public static extern int SetVariable(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);

    /// <summary>Puts another program in the place of this one; comes back only when it cannot.</summary>
    [DllImport("libc", EntryPoint = "execv", SetLastError = true)]
    public static extern int Execute(nint path, nint[] arguments);

    /// <summary>What the kernel told the process at its start.</summary>
    [DllImport("libc", EntryPoint = "getauxval")]
    public static extern nint AuxiliaryEntry(nint entry);

    [DllImport("libc", EntryPoint = "posix_spawn")]
    public static extern int Spawn(
        out int process,
        nint path,
        nint fileActions,
        nint attributes,
        nint[] arguments,
        nint[] environment);

    [DllImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static extern int InitializeFileActions(nint fileActions);

    [DllImport("libc", EntryPoint = "posix_spawn_file_actions_addopen")]
    public static extern int AddOpen(
        nint fileActions,
        int descriptor,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string path,
        int flags,
        uint mode);

    [DllImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static extern int AddDuplicate(nint fileActions, int descriptor, int target);

    [DllImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static extern int InitializeAttributes(nint attributes);

    [DllImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static extern int SetFlags(nint attributes, short flags);

    [DllImport("libc", EntryPoint = "getrlimit")]
    private static extern int GetLimit(int resource, ref ulong softAndHard);
}
