using System.Diagnostics;
using System.Globalization;

namespace Starling.Node.Tests.Replication;

/// <summary>A redis-server process. Without the program on this machine the test fails.</summary>
internal sealed class RedisNode : TestNode
{
    private readonly Process _process;

    public RedisNode(params string[] directives)
        : base(directory: null)
    {
        var start = new ProcessStartInfo("redis-server") { WorkingDirectory = Directory };
        string[] arguments =
        [
            "--port", Port.ToString(CultureInfo.InvariantCulture), "--save", "", "--dir", Directory, "--logfile", "log",
            "--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes", .. directives,
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        SyncClient.WaitFor(IsServing, () => "redis-server on port " + Port);
    }

    public override string Log
    {
        get
        {
            var path = Path.Combine(Directory, "log");
            if (!File.Exists(path)) return "";
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }

    protected override void Stop()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private bool IsServing()
    {
        try
        {
            using var client = new SyncClient(Port);
            return client.Text("PING") == "PONG";
        }
        catch (Exception failure) when (failure is System.Net.Sockets.SocketException or IOException)
        {
            return false;
        }
    }
}
