using System.Collections;
using System.Runtime.InteropServices;

namespace Starling.CommandLine.Server;

/// <summary>
/// Goes to the background. A .NET process cannot fork, so the program is started anew: same command line, a session of
/// its own, /dev/null for
/// its standard streams, and a marker that it is the daemon. The first process then exits.
/// </summary>
internal static class Daemon
{
    private const string Marker = "STARLING_DAEMON";
    private const short NewSession = 0x80;
    private const int ReadOnly = 0;
    private const int ReadWrite = 2;

    /// <summary>More than any C library's posix_spawn_file_actions_t or posix_spawnattr_t.</summary>
    private const int OpaqueSize = 1024;

    /// <summary>True when this process is the daemon; the marker is gone afterwards.</summary>
    public static bool TakeMarker()
    {
        var isDaemon = Environment.GetEnvironmentVariable(Marker) is not null;
        Environment.SetEnvironmentVariable(Marker, null);
        return isDaemon;
    }

    /// <summary>Starts the daemon.</summary>
    /// <param name="standardInput">What was read from standard input, for the daemon to read again.</param>
    /// <param name="reason">Why it could not be started.</param>
    public static bool TrySpawn(byte[] standardInput, out string reason)
    {
        var words = OwnCommandLine.ReadWords();
        var strings = new List<nint>();
        var actions = Marshal.AllocHGlobal(OpaqueSize);
        var attributes = Marshal.AllocHGlobal(OpaqueSize);
        try
        {
            var arguments = Strings(words, strings);
            var environment = Strings(EnvironmentWords(), strings);
            var error = SystemCalls.InitializeFileActions(actions);
            if (error == 0) error = AddInput(actions, standardInput);
            if (error == 0) error = SystemCalls.AddOpen(actions, 1, "/dev/null", ReadWrite, 0);
            if (error == 0) error = SystemCalls.AddOpen(actions, 2, "/dev/null", ReadWrite, 0);
            if (error == 0) error = SystemCalls.InitializeAttributes(attributes);
            if (error == 0) error = SystemCalls.SetFlags(attributes, NewSession);
            if (error == 0) error = SystemCalls.Spawn(out _, OwnCommandLine.Program, actions, attributes, arguments, environment);
            reason = error == 0 ? string.Empty : Marshal.GetPInvokeErrorMessage(error);
            return error == 0;
        }
        finally
        {
            Marshal.FreeHGlobal(actions);
            Marshal.FreeHGlobal(attributes);
            foreach (var text in strings) Marshal.FreeCoTaskMem(text);
        }
    }

    /// <summary>
    /// The daemon reads the configuration again, so what came from standard input must be there again.
    /// </summary>
    private static int AddInput(nint actions, byte[] standardInput)
    {
        if (standardInput.Length == 0) return SystemCalls.AddOpen(actions, 0, "/dev/null", ReadOnly, 0);
        var file = SystemCalls.CreateMemoryFile("starling-config", 0);
        if (file < 0) return Marshal.GetLastPInvokeError();
        if (SystemCalls.Write(file, standardInput, standardInput.Length) != standardInput.Length) return Marshal.GetLastPInvokeError();
        return SystemCalls.Seek(file, 0, 0) != 0 ? Marshal.GetLastPInvokeError() : SystemCalls.AddDuplicate(actions, file, 0);
    }

    private static IEnumerable<string> EnvironmentWords()
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables()) yield return $"{variable.Key}={variable.Value}";
        yield return Marker + "=1";
    }

    /// <summary>A C array of strings, ended by null.</summary>
    private static nint[] Strings(IEnumerable<string> words, List<nint> allocated)
    {
        var result = new List<nint>();
        foreach (var word in words)
        {
            var text = Marshal.StringToCoTaskMemUTF8(word);
            allocated.Add(text);
            result.Add(text);
        }

        result.Add(0);
        return [.. result];
    }
}
