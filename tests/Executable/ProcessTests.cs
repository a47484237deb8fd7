using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

public class ProcessTests
{
    private readonly string _port = RunningServer.Text(Ports.Take());

    [Fact]
    public void The_lines_that_tools_wait_for_come_in_order_and_sigterm_ends_in_order()
    {
        using var server = new RunningServer(["server", "--port", _port, "--save", ""]);
        server.WaitForLine("Ready to accept connections tcp");
        Assert.Equal(0, server.Stop());
        var pid = RunningServer.Text(server.Id);
        Assert.Matches(
            new Regex(
                $" PID: {pid}.*Server initialized.*Ready to accept connections tcp.*Received SIGTERM scheduling shutdown\\.\\.\\..*"
                + "User requested shutdown\\.\\.\\..*Starling is now ready to exit, bye bye\\.\\.\\.",
                RegexOptions.Singleline),
            server.Output);
        foreach (var line in server.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Assert.Matches($"^{pid}:[CMS] \\d\\d [A-Z][a-z][a-z] \\d{{4}} \\d\\d:\\d\\d:\\d\\d\\.\\d{{3}} [.*#-] ", line);
    }

    [Fact]
    public void Sigint_ends_the_server_too_and_sighup_does_nothing()
    {
        using var server = new RunningServer(["server", "--port", _port, "--save", ""]);
        server.WaitForLine("Ready to accept connections");
        server.Send(RunningServer.SignalHangUp);
        using (var connection = new RespConnection(int.Parse(_port, CultureInfo.InvariantCulture)))
            Assert.Equal("PONG", connection.Text("PING"));
        server.Send(RunningServer.SignalInterrupt);
        Assert.Equal(0, server.WaitForExit());
        Assert.Contains("Received SIGINT scheduling shutdown...", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_starts_though_the_folder_for_temporary_files_is_not_there()
    {
        using var server = new RunningServer(["server", "--port", _port, "--save", ""], environment: new() { ["TMPDIR"] = "/nonexistent/folder" });
        server.WaitForLine("Ready to accept connections");
        Assert.Equal(0, server.Stop());
    }

    [Fact]
    public void A_server_whose_folder_was_removed_serves_and_saves_once_it_has_another()
    {
        using var server = new RunningServer(
            ["-c", "cd \"$(mktemp -d)\" && rmdir \"$PWD\" && exec \"$@\"", "sh", Executables.Starling, "--port", _port, "--save", "", "--enable-debug-command", "yes", "--enable-protected-configs", "yes"],
            Executables.Find("sh"));
        server.WaitForLine("Ready to accept connections");
        using var client = new RespConnection(int.Parse(_port, CultureInfo.InvariantCulture));
        Assert.Equal("OK", client.Text("SET", "k", "v"));
        Assert.Equal("", ((object?[])client.Call("CONFIG", "GET", "dir")!)[1]);
        Assert.StartsWith("ERR", Assert.IsType<RespError>(client.Call("SAVE")).Text, StringComparison.Ordinal);
        Assert.StartsWith("ERR", Assert.IsType<RespError>(client.Call("DEBUG", "RELOAD")).Text, StringComparison.Ordinal);
        client.Call("BGSAVE");
        Wait.Until("it has failed", () => client.Text("INFO", "persistence").Contains("rdb_last_bgsave_status:err", StringComparison.Ordinal));
        Assert.Equal("OK", client.Text("CONFIG", "SET", "dir", server.Folder));
        Assert.Equal("OK", client.Text("SAVE"));
        Assert.True(File.Exists(Path.Combine(server.Folder, "dump.rdb")));
        Assert.Equal("v", client.Text("GET", "k"));
    }

    [Fact]
    public void A_server_goes_on_when_its_folder_is_removed()
    {
        using var server = new RunningServer(["server", "--port", _port, "--save", "", "--enable-debug-command", "yes", "--enable-protected-configs", "yes"]);
        server.WaitForLine("Ready to accept connections");
        using var client = new RespConnection(int.Parse(_port, CultureInfo.InvariantCulture));
        Directory.Delete(server.Folder, recursive: true);
        Assert.StartsWith("ERR", Assert.IsType<RespError>(client.Call("DEBUG", "RELOAD")).Text, StringComparison.Ordinal);
        Assert.Equal("OK", client.Text("SET", "k", "v"));
        Assert.Equal("", ((object?[])client.Call("CONFIG", "GET", "dir")!)[1]);
        Directory.CreateDirectory(server.Folder);
        Assert.Equal("OK", client.Text("CONFIG", "SET", "dir", server.Folder));
        Assert.Equal("OK", client.Text("DEBUG", "RELOAD"));
        Assert.Equal("v", client.Text("GET", "k"));
    }

    [Theory]
    [InlineData("missing", "No such file or directory")]
    [InlineData("/etc/passwd", "Not a directory")]
    public void A_server_does_not_start_in_a_folder_that_is_none(string folder, string reason)
    {
        using var server = new RunningServer(["server", "--port", _port, "--dir", folder]);
        Assert.Equal(1, server.WaitForExit());
        Assert.Contains($">>> 'dir \"{folder}\"'", server.Output, StringComparison.Ordinal);
        Assert.Contains(reason, server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_in_use_is_named_and_the_exit_code_is_1()
    {
        using var first = new RunningServer(["server", "--port", _port, "--save", ""]);
        first.WaitForLine("Ready to accept connections");
        using var second = new RunningServer(["server", "--port", _port, "--save", ""]);
        Assert.Equal(1, second.WaitForExit());
        var expected = $"Could not create server TCP listening socket *:{_port}: bind: Address already in use";
        Assert.Contains(expected, second.Output, StringComparison.Ordinal);
        Assert.Contains($"Failed listening on port {_port}", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_log_file_and_the_pid_file_are_in_dir()
    {
        using var server = new RunningServer(
            ["server", "--port", _port, "--save", "", "--dir", "data", "--logfile", "my.log", "--pidfile", "my.pid"],
            folder: FolderWith("data"));
        var log = Path.Combine(server.Folder, "data/my.log");
        var pidFile = Path.Combine(server.Folder, "data/my.pid");
        Wait.Until("the pid file is there", () => File.Exists(pidFile) && File.ReadAllText(pidFile).EndsWith('\n'));
        Assert.Equal(RunningServer.Text(server.Id) + "\n", File.ReadAllText(pidFile));
        Assert.Equal(0, server.Stop());
        Assert.False(File.Exists(pidFile));
        Assert.Contains("bye bye", File.ReadAllText(log), StringComparison.Ordinal);
        Assert.Empty(server.Output);
    }

    [Fact]
    public void Daemonize_goes_to_the_background_and_leaves_the_terminal()
    {
        using var server = new RunningServer(
        [
            "server", "--port", _port, "--save", "", "--daemonize", "yes", "--logfile", "my.log", "--pidfile", "my.pid",
        ]);
        Assert.Equal(0, server.WaitForExit());
        var pidFile = Path.Combine(server.Folder, "my.pid");
        Wait.Until("the pid file is there", () => File.Exists(pidFile) && File.ReadAllText(pidFile).EndsWith('\n'));
        var daemon = File.ReadAllText(pidFile).Trim();
        Assert.NotEqual(RunningServer.Text(server.Id), daemon);

        // The sixth field of stat is the session: the daemon leads its own.
        var status = File.ReadAllText($"/proc/{daemon}/stat");
        Assert.Equal(daemon, status[(status.LastIndexOf(')') + 2)..].Split(' ')[3]);
        Assert.Equal("/dev/null", File.ResolveLinkTarget($"/proc/{daemon}/fd/1", returnFinalTarget: false)?.FullName);
        using (var connection = new RespConnection(int.Parse(_port, CultureInfo.InvariantCulture)))
        {
            Assert.Equal("yes", ((object?[])connection.Call("CONFIG", "GET", "daemonize")!)[1]?.ToString());
            connection.Send("SHUTDOWN", "NOSAVE");
        }

        Wait.Until("the daemon is gone", () => !File.Exists(pidFile) && !Directory.Exists("/proc/" + daemon));
    }

    [Fact]
    public void A_daemon_is_told_its_last_argument_though_it_is_empty()
    {
        using var server = new RunningServer(
            ["server", "--port", _port, "--daemonize", "yes", "--pidfile", "my.pid", "--save", "", "--requirepass", "x", "--requirepass", ""]);
        Assert.Equal(0, server.WaitForExit());
        var port = int.Parse(_port, CultureInfo.InvariantCulture);
        Wait.Until("the daemon serves", () =>
        {
            using var connection = new RespConnection(port);
            return connection.Text("PING") == "PONG";
        });
        using var client = new RespConnection(port);
        var daemon = RespConnection.Field(client.Text("INFO", "server"), "process_id");
        Assert.Equal(Path.GetFileName(Executables.Starling), File.ReadAllText($"/proc/{daemon}/comm").TrimEnd());
        client.Send("SHUTDOWN", "NOSAVE");
        Wait.Until("the daemon is gone", () => !Directory.Exists("/proc/" + daemon));
    }

    [Theory]
    [InlineData("path", "systemd")]
    [InlineData("abstract", "systemd")]
    [InlineData("path", "auto")]
    public void Systemd_is_told_ready_and_stopping(string kind, string supervised)
    {
        var folder = FolderWith();
        var name = kind == "path" ? Path.Combine(folder, "notify") : "@starling-test-" + _port;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 90_000 };
        socket.Bind(new UnixDomainSocketEndPoint(kind == "path" ? name : "\0" + name[1..]));
        using var server = new RunningServer(
            ["server", "--port", _port, "--save", "", "--supervised", supervised, "--daemonize", "yes"],
            environment: new Dictionary<string, string> { ["NOTIFY_SOCKET"] = name },
            folder: folder);
        Assert.Equal("STATUS=Ready to accept connections\n", Receive(socket));
        Assert.Equal("READY=1\n", Receive(socket));
        server.Send(RunningServer.SignalTerminate);
        Assert.Equal("STOPPING=1\n", Receive(socket));
        Assert.Equal(0, server.WaitForExit());
        Assert.Contains("supervised by systemd", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_final_save_happens_when_save_points_are_configured()
    {
        using var server = new RunningServer(["server", "--port", _port, "--save", "3600 1"]);
        server.WaitForLine("Ready to accept connections");
        Assert.Equal(0, server.Stop());
        Assert.Contains("Saving the final RDB snapshot before exiting.", server.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(server.Folder, "dump.rdb")));
    }

    [Fact]
    public void What_has_no_effect_yet_is_said_once_at_start()
    {
        using var server = new RunningServer(["server", "--port", _port, "--save", "", "--active-expire-effort", "5", "--busy-reply-threshold", "6"]);
        server.WaitForLine("have no effect yet: active-expire-effort");
        server.WaitForLine("Ready to accept connections");
        Assert.Equal(0, server.Stop());
    }

    [Fact]
    public void The_unix_socket_is_served_with_its_permissions_and_removed()
    {
        using var server = new RunningServer(
            ["server", "--port", "0", "--save", "", "--unixsocket", "my.sock", "--unixsocketperm", "700"]);
        var path = Path.Combine(server.Folder, "my.sock");
        server.WaitForLine("The server is now ready to accept connections at " + path);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        Assert.Equal("PONG", ProgramRun.RedisCli("-s", path, "PING").Trim());
        Assert.Equal(0, server.Stop());
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_data_set_that_cannot_be_loaded_ends_the_start_and_stays_as_it_is()
    {
        var folder = FolderWith();
        var file = Path.Combine(folder, "dump.rdb");
        File.WriteAllBytes(file, "REDIS0010 and then nonsense"u8.ToArray());
        using var server = new RunningServer(["server", "--port", _port], folder: folder);
        Assert.Equal(1, server.WaitForExit());
        Assert.Equal("REDIS0010 and then nonsense", File.ReadAllText(file));
        Assert.DoesNotContain("Ready to accept", server.Output, StringComparison.Ordinal);
    }

    private static string FolderWith(params string[] inner)
    {
        var folder = Directory.CreateTempSubdirectory("starling-exe-").FullName;
        foreach (var name in inner) Directory.CreateDirectory(Path.Combine(folder, name));
        return folder;
    }

    private static string Receive(Socket socket)
    {
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }
}
