using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

public sealed class ShutdownTests : IDisposable
{
    private readonly int _masterPort = Ports.Take();
    private readonly RunningServer _master;
    private readonly ServerProcess _replica;
    private readonly RespConnection _client;

    public ShutdownTests()
    {
        _master = new RunningServer(
            ["server", "--port", Text(_masterPort), "--save", "", "--repl-diskless-sync-delay", "0", "--shutdown-timeout", "60"]);
        _master.WaitForLine("Ready to accept connections");
        _replica = ServerProcess.Start(ServerKind.Starling, "save ", "replicaof 127.0.0.1 " + Text(_masterPort));
        Wait.Until("the replica is in sync", () => _replica.Info("replication", "master_link_status") == "up");
        _client = new RespConnection(_masterPort);
    }

    public void Dispose()
    {
        _client.Dispose();
        _replica.Dispose();
        _master.Dispose();
    }

    [Fact]
    public void A_shutdown_waits_for_a_lagging_replica_and_the_write_is_there()
    {
        _replica.Pause();
        Assert.Equal("OK", _client.Text("SET", "k", "v"));
        _master.Send(RunningServer.SignalTerminate);
        _master.WaitForLine("Waiting for replicas before shutting down.");
        _replica.Resume();
        Assert.Equal(0, _master.WaitForExit());
        Assert.Contains("1 of 1 replicas are in sync when shutting down.", _master.Output, StringComparison.Ordinal);
        Assert.Equal("v", _replica.Text("GET", "k"));
    }

    [Fact]
    public void A_shutdown_that_waits_can_be_aborted_and_holds_back_writes_until_then()
    {
        _replica.Pause();
        Assert.Equal("OK", _client.Text("SET", "k", "v"));
        using var waiting = new RespConnection(_masterPort);
        waiting.Send("SHUTDOWN");
        _master.WaitForLine("Waiting for replicas before shutting down.");
        using var writer = new RespConnection(_masterPort);
        writer.Send("SET", "k", "later");
        Assert.Equal("v", _client.Text("GET", "k"));
        Assert.Equal("OK", _client.Text("SHUTDOWN", "ABORT"));
        Assert.Equal("ERR Errors trying to SHUTDOWN. Check logs.", waiting.Read()?.ToString());
        Assert.Equal("OK", writer.Read()?.ToString());
        Assert.Equal("later", _client.Text("GET", "k"));
        _master.WaitForLine("Shutdown manually aborted.");
        _replica.Resume();
    }

    [Fact]
    public void A_shutdown_now_does_not_wait()
    {
        _replica.Pause();
        Assert.Equal("OK", _client.Text("SET", "k", "v"));
        _client.Send("SHUTDOWN", "NOW");
        Assert.Equal(0, _master.WaitForExit());
        Assert.Contains("0 of 1 replicas are in sync when shutting down.", _master.Output, StringComparison.Ordinal);
        Assert.Matches("Lagging replica 127\\.0\\.0\\.1:[0-9]+ reported offset [0-9]+ behind master, lag=[0-9]+, state=online\\.", _master.Output);
        _replica.Resume();
    }

    [Fact]
    public void A_second_sigint_exits_at_once_with_1()
    {
        _replica.Pause();
        Assert.Equal("OK", _client.Text("SET", "k", "v"));
        _master.Send(RunningServer.SignalInterrupt);
        _master.WaitForLine("Waiting for replicas before shutting down.");
        _master.Send(RunningServer.SignalInterrupt);
        Assert.Equal(1, _master.WaitForExit());
        Assert.Contains("You insist... exiting now.", _master.Output, StringComparison.Ordinal);
        _replica.Resume();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
