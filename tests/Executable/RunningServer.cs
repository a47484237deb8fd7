using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>
/// A server started with exactly the arguments given, in a folder of its own; its standard output goes to a file.
/// </summary>
internal sealed class RunningServer : IDisposable
{
    public const int SignalHangUp = 1, SignalInterrupt = 2, SignalTerminate = 15;

    private readonly Process _process;
    private readonly System.Text.StringBuilder _output = new();

    public RunningServer(string[] arguments, string? program = null, Dictionary<string, string>? environment = null, string? folder = null)
    {
        Folder = folder ?? Directory.CreateTempSubdirectory("starling-exe-").FullName;
        var start = new ProcessStartInfo(program ?? Executables.Starling)
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? []) start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Folder { get; }

    public int Id => _process.Id;

    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    public void WaitForLine(string text) => Wait.Until($"the line '{text}' in\n{Output}", () =>
    {
        if (Output.Contains(text, StringComparison.Ordinal)) return true;
        return _process.HasExited ? throw new ServerExitedException(Output) : false;
    });

    /// <summary>Whether a thread of this name runs there; the system keeps 15 characters of a name.</summary>
    public bool HasThread(string name) => Directory.GetDirectories($"/proc/{Text(Id)}/task").Any(task =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).TrimEnd('\n') == name;
        }
        catch (IOException)
        {
            return false; // it ended meanwhile
        }
    });

    public void Send(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    public int WaitForExit()
    {
        Assert.True(_process.WaitForExit(Wait.Patience), "the server does not end:\n" + Output);
        _process.WaitForExit();
        return _process.ExitCode;
    }

    public int Stop()
    {
        Send(SignalTerminate);
        return WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_output) _output.Append(line).Append('\n');
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
