using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Starling.CommandLine.ClusterUp;

/// <summary>A node of the local cluster: a process of its own in a folder of its own.</summary>
internal sealed partial class NodeProcess : IDisposable
{
    private const int SignalTerminate = 15;

    private readonly string _folder;
    private Process? _process;

    /// <summary>Describes the node; <see cref="Start"/> starts it.</summary>
    public NodeProcess(string folder, int port)
    {
        _folder = folder;
        Port = port;
    }

    /// <summary>The client port.</summary>
    public int Port { get; }

    /// <summary>host:port.</summary>
    public string Address => "127.0.0.1:" + Port.ToString(CultureInfo.InvariantCulture);

    /// <summary>The process id.</summary>
    public int Id => Running.Id;

    /// <summary>True once the process has ended.</summary>
    public bool HasExited => Running.HasExited;

    /// <summary>The process's exit code, once it has ended.</summary>
    public int ExitCode => Running.ExitCode;

    /// <summary>Where the node logs.</summary>
    public string LogFile => Path.Combine(_folder, "node.log");

    private Process Running => _process ?? throw new InvalidOperationException("the node was not started");

    /// <summary>Starts the process.</summary>
    /// <param name="configFile">The configuration file that all nodes share.</param>
    /// <exception cref="OperatorException">Something listens on the port already.</exception>
    public void Start(string configFile)
    {
        ThrowIfPortIsTaken();
        Directory.CreateDirectory(_folder);
        // A session of its own keeps the terminal's Ctrl-C from reaching the node: the nodes are stopped in order
        // instead.
        var start = new ProcessStartInfo("setsid") { RedirectStandardInput = true };
        string[] arguments =
        [
            .. Program(), "server", configFile, "--port", Port.ToString(CultureInfo.InvariantCulture), "--dir", _folder,
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        _process = Process.Start(start) ?? throw new InvalidOperationException("the node's process did not start");
        _process.StandardInput.Close();
    }

    /// <summary>
    /// Sends commands on a connection of its own; see <see cref="NodeClient.Call"/> for what it throws.
    /// </summary>
    public string Call(params string[] arguments)
    {
        using var client = new NodeClient(Port);
        return client.Call(arguments);
    }

    /// <summary>What starts this program again: its executable, or that of the runtime with the assembly that it was given.</summary>
    private static string[] Program()
    {
        var executable = Environment.ProcessPath ?? throw new InvalidOperationException("the path of this executable is not known");
        return Path.GetFileNameWithoutExtension(executable) == "dotnet" ? [executable, Environment.GetCommandLineArgs()[0]] : [executable];
    }

    /// <summary>One field of INFO, CLUSTER INFO or the like; null when the text lacks it.</summary>
    public static string? Field(string text, string name)
    {
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith(name + ":", StringComparison.Ordinal)) return line[(name.Length + 1)..].Trim();
        }

        return null;
    }

    /// <summary>Asks the process to stop (SIGTERM).</summary>
    public void RequestStop()
    {
        // A process that has just ended by itself cannot be signalled; that it is gone is all that is wanted.
        if (!HasExited) _ = Kill(Id, SignalTerminate);
    }

    /// <summary>Waits for the process's end.</summary>
    /// <returns>False when it still runs after that time.</returns>
    public bool WaitForExit(TimeSpan patience) => Running.WaitForExit(patience);

    /// <summary>Ends the process at once.</summary>
    public void Kill() => Running.Kill();

    /// <inheritdoc/>
    public void Dispose() => _process?.Dispose();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    private void ThrowIfPortIsTaken()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Connect("127.0.0.1", Port);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return;
        }

        throw new OperatorException($"port {Port} is already in use: choose another one with --port");
    }
}
