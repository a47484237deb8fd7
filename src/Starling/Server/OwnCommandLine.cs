using System.Text;

namespace Starling.CommandLine.Server;

/// <summary>What the process was started with, as the system tells it.</summary>
internal static class OwnCommandLine
{
    private const string File = "/proc/self/cmdline";
    private const int ProgramEntry = 31; // AT_EXECFN of Linux

    /// <summary>
    /// The program's file in the words of who started it, as a C string, so that what is started from it again gets the
    /// same name in ps and top.
    /// </summary>
    public static nint Program => SystemCalls.AuxiliaryEntry(ProgramEntry);

    /// <summary>The command line, every word ended by a zero; null where the system does not tell.</summary>
    public static byte[]? Read()
    {
        if (!System.IO.File.Exists(File)) return null;
        var line = System.IO.File.ReadAllBytes(File);
        return line is [.., 0] ? line : null;
    }

    /// <summary>Its words; none where the system does not tell. The last ones may be empty.</summary>
    public static string[] ReadWords() => Read() is { } line ? Encoding.UTF8.GetString(line)[..^1].Split('\0') : [];
}
