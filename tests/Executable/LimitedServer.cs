using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>A server that prlimit started: it runs under limits that a test sets and changes.</summary>
internal sealed class LimitedServer : IDisposable
{
    // The runtime's thread that compiles in the background ends after four idle seconds, and the process with it if it finds
    // no descriptor when it is wanted again: see Descriptors in docs/operating.md. Here it stays.
    private static readonly Dictionary<string, string> Environment = new() { ["DOTNET_TC_BackgroundWorkerTimeoutMs"] = "ffffffff" };

    /// <summary>Starts it on a port of its own, with a configuration file that it can rewrite, and waits for it.</summary>
    /// <param name="arguments">Of prlimit: limits, the program, its arguments without the port.</param>
    public LimitedServer(string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("starling-limit-").FullName;
        var file = Path.Combine(folder, "redis.conf");
        File.WriteAllText(file, $"port {Port}\nbind 127.0.0.1\n");
        var at = Array.IndexOf(arguments, "--save");
        Running = new RunningServer([.. arguments[..at], file, .. arguments[at..]], Executables.Find("prlimit"), Environment, folder);
        Wait.Until("the server answers", () => Text("PING") == "PONG");
    }

    public int Port { get; } = Ports.Take();

    public RunningServer Running { get; }

    /// <summary>Calls a command on a connection of its own.</summary>
    public string Text(params string[] arguments)
    {
        using var connection = new RespConnection(Port);
        return connection.Text(arguments);
    }

    public int MaxClients()
    {
        using var connection = new RespConnection(Port);
        return int.Parse(((object?[])connection.Call("CONFIG", "GET", "maxclients")!)[1]!.ToString()!, CultureInfo.InvariantCulture);
    }

    /// <summary>Changes how many descriptors it may have open.</summary>
    public void Limit(int descriptors) =>
        Assert.Equal(
            0,
            ProgramRun.Run(
                Executables.Find("prlimit"),
                ["--pid", RunningServer.Text(Running.Id), $"--nofile={RunningServer.Text(descriptors)}:4000"]).ExitCode);

    public void Dispose() => Running.Dispose();
}
