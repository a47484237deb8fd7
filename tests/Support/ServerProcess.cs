using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Starling.Tests.Support;

/// <summary>
/// A server in a process of its own with a folder of its own; disposing it kills the process and removes the folder.
/// </summary>
public sealed partial class ServerProcess : IDisposable
{
    private readonly string[] _directives;
    private Process? _process;

    private ServerProcess(ServerKind kind, int port, string folder, string[] directives)
    {
        Kind = kind;
        Port = port;
        Folder = folder;
        _directives = directives;
    }

    /// <summary>Which server it is.</summary>
    public ServerKind Kind { get; }

    /// <summary>Its client port.</summary>
    public int Port { get; }

    /// <summary>Its working directory.</summary>
    public string Folder { get; }

    /// <summary>Its process id.</summary>
    public int Id => Running.Id;

    /// <summary>True while the process runs.</summary>
    public bool IsAlive => _process is { HasExited: false };

    /// <summary>What it logged, all starts together.</summary>
    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    private string LogFile => Path.Combine(Folder, "server.log");

    private Process Running => _process ?? throw new InvalidOperationException("the server was not started");

    /// <summary>Starts a server and waits until it answers PING.</summary>
    /// <param name="kind">Which server.</param>
    /// <param name="directives">Command-line directives, each "name value".</param>
    public static ServerProcess Start(ServerKind kind, params string[] directives)
    {
        var server = Create(kind, directives);
        server.Start();
        return server;
    }

    /// <summary>Starts a cluster node with a short node timeout and waits until it answers PING.</summary>
    public static ServerProcess StartClusterNode(ServerKind kind, params string[] directives) =>
        Start(kind, ["cluster-enabled yes", "cluster-node-timeout 2000", "repl-diskless-sync-delay 0", "save ", .. directives]);

    /// <summary>Makes the folder and picks the port without starting anything.</summary>
    public static ServerProcess Create(ServerKind kind, params string[] directives)
    {
        var port = Ports.Take();
        var folder = Directory.CreateTempSubdirectory("starling-test-").FullName;
        return new ServerProcess(kind, port, folder, directives);
    }

    /// <summary>Starts the process (again) and waits until it answers PING.</summary>
    public void Start()
    {
        StartOnly();
        Wait.Until($"{Kind} on port {Port} answers", () =>
        {
            if (!IsAlive) throw new ServerExitedException($"{Kind} on port {Port} exited with {Running.ExitCode}:\n{Log}");
            using var connection = new RespConnection(Port);
            return connection.Call("PING") is "PONG";
        });
    }

    /// <summary>Starts the process without waiting for it.</summary>
    public void StartOnly()
    {
        var start = new ProcessStartInfo(Kind == ServerKind.Starling ? Executables.Starling : Executables.RedisServer)
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
        };
        if (Kind == ServerKind.Starling) start.ArgumentList.Add("server");
        string[] basic =
        [
            "port " + Port.ToString(CultureInfo.InvariantCulture), "dir " + Folder, "logfile " + LogFile, "bind 127.0.0.1",
            "enable-debug-command yes",
        ];
        foreach (var directive in basic.Concat(_directives))
        {
            var space = directive.IndexOf(' ', StringComparison.Ordinal);
            start.ArgumentList.Add("--" + directive[..space]);
            foreach (var value in directive[(space + 1)..].Split(' ')) start.ArgumentList.Add(value);
        }

        _process?.Dispose();
        _process = Process.Start(start) ?? throw new InvalidOperationException("the process did not start");
        _process.StandardInput.Close();
    }

    /// <summary>A connection to it.</summary>
    public RespConnection Connect() => new(Port);

    /// <summary>One command on a connection of its own.</summary>
    public object? Call(params string[] arguments)
    {
        using var connection = Connect();
        return connection.Call(arguments);
    }

    /// <summary>One command on a connection of its own, its reply as text; an error reply is an exception.</summary>
    public string Text(params string[] arguments)
    {
        using var connection = Connect();
        return connection.Text(arguments);
    }

    /// <summary>A field of INFO.</summary>
    public string? Info(string section, string field) => RespConnection.Field(Text("INFO", section), field);

    /// <summary>A field of CLUSTER INFO.</summary>
    public string? ClusterInfo(string field) => RespConnection.Field(Text("CLUSTER", "INFO"), field);

    /// <summary>Kills the process at once (SIGKILL) and waits for its end.</summary>
    public void Kill()
    {
        if (!IsAlive) return;
        Signal(Running.Id, SignalContinue);
        Running.Kill();
        Running.WaitForExit();
    }

    /// <summary>Asks it to stop (SIGTERM), waits for its end and returns the exit code.</summary>
    public int Stop()
    {
        Signal(Running.Id, SignalTerminate);
        if (!Running.WaitForExit(Wait.Patience)) throw new TimeoutException($"{Kind} on port {Port} does not stop:\n{Log}");
        return Running.ExitCode;
    }

    /// <summary>Stops the process's execution (SIGSTOP) until <see cref="Resume"/>.</summary>
    public void Pause() => Signal(Running.Id, SignalStop);

    /// <summary>Lets it go on.</summary>
    public void Resume() => Signal(Running.Id, SignalContinue);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_process is not null)
        {
            Kill();
            _process.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private const int SignalTerminate = 15, SignalContinue = 18, SignalStop = 19;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int KillProcess(int process, int signal);

    private static void Signal(int process, int signal)
    {
        if (KillProcess(process, signal) != 0) throw new InvalidOperationException($"kill -{signal} {process} failed");
    }
}
