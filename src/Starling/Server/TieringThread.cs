using System.Globalization;
using System.Runtime.InteropServices;

namespace Starling.CommandLine.Server;

/// <summary>
/// The runtime's thread that compiles in the background what is called often. It ends after four seconds without work
/// and is started again when there is some, which takes two descriptors for a moment: when none is free, the runtime ends
/// the process. One variable of the environment has it stay, which the runtime reads when it starts and at no other time, and no setting of
/// runtimeconfig.json stands for it. So the server sets it and executes itself again, once: same process, same
/// descriptors, some tens of milliseconds.
/// </summary>
internal static class TieringThread
{
    private const string Variable = "DOTNET_TC_BackgroundWorkerTimeoutMs";
    private const string FormerVariable = "COMPlus_TC_BackgroundWorkerTimeoutMs"; // read when the other is not there
    private const string Never = "ffffffff";

    /// <summary>True when somebody has said how long it stays: this program, or who runs it.</summary>
    public static bool IsSettled =>
        !OperatingSystem.IsLinux()
        || Environment.GetEnvironmentVariable(Variable) is not null
        || Environment.GetEnvironmentVariable(FormerVariable) is not null;

    /// <summary>
    /// Does not come back when it executes the program again; to be called before anything is read or opened. Comes back
    /// when that is not needed, or the system refuses: see <see cref="IsSettled"/>.
    /// </summary>
    public static void Keep()
    {
        if (IsSettled || OwnCommandLine.Read() is not { Length: > 0 } line) return;
        if (SystemCalls.SetVariable(Variable, Never, overwrite: 0) != 0) return;
        var bytes = Marshal.AllocHGlobal(line.Length);
        Marshal.Copy(line, 0, bytes, line.Length);
        var arguments = new List<nint>();
        for (var at = 0; at < line.Length; at += line.AsSpan(at).IndexOf((byte)0) + 1) arguments.Add(bytes + at);
        arguments.Add(0);
        RemoveDiagnosticsSocket();
        _ = SystemCalls.Execute(OwnCommandLine.Program, [.. arguments]);

        // Refused: there is no such file any more, or the system has no memory for it.
        Marshal.FreeHGlobal(bytes);
    }

    /// <summary>
    /// The socket that dotnet-trace and its like call the runtime by is named after the process and the time of its start,
    /// which stay the same: what is executed next could not make its own.
    /// </summary>
    private static void RemoveDiagnosticsSocket()
    {
        const int StartTime = 19; // counted from the word behind the program's name in parentheses
        var status = File.ReadAllText("/proc/self/stat");
        var words = status[(status.LastIndexOf(')') + 2)..].Split(' ');
        var process = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        try
        {
            File.Delete(Path.Combine(Path.GetTempPath(), $"dotnet-diagnostic-{process}-{words[StartTime]}-socket"));
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            // The folder is not there, or lets nobody in: then the runtime could not make one there either.
        }
    }
}
