using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>Scripts and the process: the library that they need, and its end while one runs.</summary>
public sealed class ScriptTests
{
    [Fact]
    public void Without_Lua_a_server_starts_and_says_what_scripts_need()
    {
        // The library is hidden in a name space of the server's own, which not every container allows.
        const string Hide =
            "for folder in /usr/lib/x86_64-linux-gnu /usr/lib /lib \"$(dirname \"$1\")\"; do "
            + "[ ! -e \"$folder/liblua5.1.so.0\" ] || mount --bind /dev/null \"$folder/liblua5.1.so.0\" || exit 77; done; ";
        string[] hidden = ["-rm", "sh", "-c", Hide + "[ -z \"$2\" ] || exec \"$@\"", "sh"];
        if (ProgramRun.Run(Executables.Find("unshare"), [.. hidden, Executables.Starling]).ExitCode != 0) return;
        var port = Ports.Take();
        using var server = new RunningServer(
            [.. hidden, Executables.Starling, "--port", Text(port), "--bind", "127.0.0.1", "--save", ""], Executables.Find("unshare"));
        server.WaitForLine("Ready to accept connections");
        Assert.Contains("EVAL and its kin answer an error: scripts need liblua5.1.so.0, which this system lacks.", server.Output, StringComparison.Ordinal);
        using var client = new RespConnection(port);
        Assert.Equal("ERR scripts need liblua5.1.so.0, which this system lacks", Error(client, "EVAL", "return 1", "0"));
        Assert.Equal("ERR scripts need liblua5.1.so.0, which this system lacks", Error(client, "SCRIPT", "LOAD", "return 1"));
        Assert.Equal("OK", client.Text("SCRIPT", "FLUSH"));
        Assert.Equal("PONG", client.Text("PING"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void SHUTDOWN_NOSAVE_ends_the_process_while_a_script_that_has_written_runs(int threads)
    {
        var port = Ports.Take();
        using var server = new RunningServer(
        [
            "--port", Text(port), "--bind", "127.0.0.1", "--save", "", "--busy-reply-threshold", "50", "--io-threads", Text(threads),
            "--pidfile", "starling.pid",
        ]);
        server.WaitForLine("Ready to accept connections");
        using var client = new RespConnection(port);
        using var other = new RespConnection(port);
        client.Send("EVAL", "redis.call('set', 'a', 1) while true do pcall(function() while true do end end) end", "0");
        Wait.Until("the script is busy", () => Error(other, "PING").StartsWith("BUSY", StringComparison.Ordinal));
        Assert.StartsWith("UNKILLABLE", Error(other, "SCRIPT", "KILL"), StringComparison.Ordinal);
        Assert.StartsWith("BUSY", Error(other, "SHUTDOWN"), StringComparison.Ordinal);
        other.Send("SHUTDOWN", "NOSAVE");
        Assert.Equal(0, server.WaitForExit());
        Assert.False(File.Exists(Path.Combine(server.Folder, "starling.pid")));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Error(RespConnection client, params string[] arguments) =>
        client.Call(arguments) is RespError error ? error.Text : "no error";
}
