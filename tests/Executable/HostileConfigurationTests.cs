using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>Names, numbers and paths from the command line and from files that reach the runtime at the start.</summary>
public sealed class HostileConfigurationTests
{
    private const string LongName = "{5000}";

    [Theory]
    [InlineData("--bind {256}", "Failed listening on port ")]
    [InlineData("--bind nosuch.invalid", "Failed listening on port ")]
    [InlineData("--bind {empty}", "Configured to not listen anywhere, exiting.")]
    [InlineData("--unixsocket /tmp/{150}", "unix socket path too long (155), must be under 108")]
    [InlineData("--unixsocket /tmp/{300}", "unix socket path too long (305), must be under 108")]
    [InlineData("--dir {256}", "File name too long")]
    [InlineData("--dir {empty}", "No such file or directory")]
    [InlineData("--dir /proc/self/status", "Not a directory")]
    [InlineData("--dbfilename " + LongName, "Fatal error loading the DB")]
    [InlineData("--logfile " + LongName, "Can't open the log file")]
    [InlineData("--include " + LongName, "can't open config file")]
    [InlineData("--include {empty}", "can't open config file")]
    [InlineData("--cluster-enabled yes --cluster-config-file " + LongName, "Can't open ")]
    [InlineData("--cluster-enabled yes --cluster-config-file {empty}", "in order to acquire a lock: Is a directory")]
    [InlineData("--cluster-enabled yes --bind {256}", "Could not create server TCP listening socket")]
    [InlineData("--cluster-enabled yes --bind-source-addr {256}", "bind-source-addr")]
    [InlineData("--cluster-enabled yes --port 65535", "Redis port number too high")]
    [InlineData("--databases 2147483647", "Out of memory making 2147483647 databases")]
    [InlineData("--replicaof 127.0.0.1 65536", "Invalid master port")]
    [InlineData("--port 99999999999999999999", "argument couldn't be parsed into an integer")]
    [InlineData("--unixsocketperm 1000", "argument must be between 0 and 777 inclusive")]
    public void The_start_ends_with_a_reason_and_exit_code_1(string arguments, string reason)
    {
        var (exitCode, output) = Run(arguments);
        Assert.Contains(reason, output, StringComparison.Ordinal);
        Assert.Equal(1, exitCode);
        Assert.DoesNotContain("nobody handled", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dbfilename \"a\\x00b\"")]
    [InlineData("pidfile \"/nonexistent/\\x00\"")]
    [InlineData("pidfile " + LongName)]
    [InlineData("dbfilename \"\"")]
    [InlineData("logfile \"\"")]
    [InlineData("pidfile \"\"")]
    [InlineData("masterauth \"\\x00\"\nreplicaof {256} 1")]
    [InlineData("bind-source-addr {256}\nreplicaof 127.0.0.1 1")]
    [InlineData("replica-announce-ip {5000}\nreplicaof 127.0.0.1 1")]
    [InlineData("tcp-backlog 2147483647")]
    [InlineData("tcp-keepalive 2147483647")]
    [InlineData("save 9223372036854775807 2147483647")]
    [InlineData("repl-backlog-size 9223372036854775807")]
    public void The_server_starts_and_answers(string lines)
    {
        var folder = Directory.CreateTempSubdirectory("starling-hostile-").FullName;
        var port = Ports.Take();
        var file = Path.Combine(folder, "redis.conf");
        File.WriteAllText(file, $"port {port}\nbind 127.0.0.1\nsave ''\n{string.Join(' ', BothServers.Arguments(lines))}\n");
        using var server = new RunningServer([file], folder: folder);
        server.WaitForLine("Ready to accept connections");
        using (var connection = new RespConnection(port)) Assert.Equal("PONG", connection.Text("PING"));
        server.Send(RunningServer.SignalTerminate);
        Assert.Equal(0, server.WaitForExit());
    }

    [Fact]
    public void An_empty_file_name_is_that_of_no_file_as_with_redis_server()
    {
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ", "dbfilename ");
        using var starling = ServerProcess.Start(ServerKind.Starling, "save ", "dbfilename ");
        Assert.Equal(BothServers.Call(redis, "DBSIZE"), BothServers.Call(starling, "DBSIZE"));
        Assert.Equal(BothServers.Call(redis, "SAVE"), BothServers.Call(starling, "SAVE"));
        Assert.Equal("OK", BothServers.Call(starling, "SET", "k", "v"));
    }

    private static (int ExitCode, string Output) Run(string arguments)
    {
        var folder = Directory.CreateTempSubdirectory("starling-hostile-").FullName;
        try
        {
            string[] words = ["server", "--save", "", .. BothServers.Arguments(arguments)];
            if (!arguments.Contains("--port", StringComparison.Ordinal)) words = [.. words, "--port", RunningServer.Text(Ports.Take())];
            if (!arguments.Contains("--bind ", StringComparison.Ordinal)) words = [.. words, "--bind", "127.0.0.1"];
            return ProgramRun.Run(Executables.Starling, words, folder: folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
