using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>Configuration files that a redis-server has rewritten.</summary>
public sealed class RewrittenFileTests : IDisposable
{
    // SHA-256 of "foobared".
    private const string Hash = "#1b58ee375b42e41f0e48ef2ff27d10a5b1f6924a9acdcdba7cae868e7adce6bf";

    private readonly string _folder = Directory.CreateTempSubdirectory("starling-rewritten-").FullName;
    private readonly int _port = Ports.Take();

    private string File => Path.Combine(_folder, "redis.conf");

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("", "CONFIG REWRITE")]
    [InlineData("requirepass foobared", "CONFIG REWRITE")]
    [InlineData("", "DEBUG CONFIG-REWRITE-FORCE-ALL")]
    [InlineData("requirepass \"a b\"\nmasterauth x", "DEBUG CONFIG-REWRITE-FORCE-ALL")]
    [InlineData("save 900 1\nsave 300 10", "CONFIG REWRITE")]
    [InlineData("client-output-buffer-limit replica 1gb 512mb 60\nnotify-keyspace-events KEA", "CONFIG REWRITE")]
    [InlineData("maxmemory 100mb\nmaxmemory-policy allkeys-lfu\nlatency-tracking-info-percentiles 50 99", "CONFIG REWRITE")]
    [InlineData("user default on >foobared ~* &* +@all\nrequirepass foobared", "CONFIG REWRITE")]
    public void What_redis_server_rewrote_starts_and_says_the_same(string lines, string rewrite)
    {
        System.IO.File.WriteAllText(File, $"port {_port}\nbind 127.0.0.1\nenable-debug-command yes\ndir {_folder}\n{lines}\n");
        var password = Array.Find(["foobared", "a b"], word => lines.Contains(word, StringComparison.Ordinal));
        string[] before;
        using (var redis = new RunningServer([File], Executables.RedisServer, folder: Fresh()))
        {
            using var client = Connect(redis, password);
            Assert.Equal("OK", client.Text(rewrite.Split(' ')));
            before = Values(client);
        }

        Assert.Contains("user default on ", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
        using (var starling = new RunningServer(["server", File], folder: Fresh()))
        {
            using var client = Connect(starling, password);
            Assert.Equal(before, Values(client));
            Assert.Equal("OK", client.Text("CONFIG", "REWRITE"));
        }

        // And back: redis-server starts on what this server rewrote.
        using var again = new RunningServer([File], Executables.RedisServer, folder: Fresh());
        using var last = Connect(again, password);
        Assert.Equal(before, Values(last));
    }

    [Theory]
    [InlineData("user default on nopass ~* &* +@all")] // 6.2
    [InlineData("user default on nopass ~* +@all")] // 6.0, which knows no channels
    [InlineData("user default on nopass sanitize-payload ~* &* +@all")] // 7.0
    [InlineData("user default on nopass skip-sanitize-payload allkeys allchannels allcommands")]
    [InlineData("user default on " + Hash + " ~* &* +@all\nrequirepass foobared")]
    [InlineData("requirepass foobared\nuser default on sanitize-payload " + Hash + " ~* &* +@all")]
    [InlineData("user default on >foobared ~* &* +@all")]
    public void The_default_users_line_is_obeyed(string lines)
    {
        System.IO.File.WriteAllText(File, $"port {_port}\nbind 127.0.0.1\nsave ''\n{lines}\n");
        var hasPassword = !lines.Contains("nopass", StringComparison.Ordinal);
        using var server = new RunningServer(["server", File], folder: Fresh());
        using var client = Connect(server, hasPassword ? "foobared" : null);
        using var stranger = new RespConnection(_port);
        Assert.Equal(hasPassword ? "NOAUTH Authentication required." : "PONG", stranger.Call("PING")?.ToString());

        // A password that is set later is in the line that CONFIG REWRITE writes, and the file starts again.
        Assert.Equal("OK", client.Text("CONFIG", "SET", "requirepass", "new"));
        Assert.Equal("OK", client.Text("CONFIG", "REWRITE"));
        Assert.Equal(0, server.Stop());
        using var again = new RunningServer(["server", File], folder: Fresh());
        using var authenticated = Connect(again, "new");
        Assert.Equal("PONG", authenticated.Text("PING"));
    }

    [Theory]
    [InlineData("user bob on +foo", "Error in user declaration '+foo': Unknown command or category name in ACL")]
    [InlineData("user bob on (+get", "Error in user declaration '(+get': Unmatched parenthesis")]
    [InlineData("user bob on ~* ~a", "Error in user declaration '~a': Adding a pattern after the * pattern")]
    [InlineData("user \"a b\" on", "Usernames can't contain spaces or null characters")]
    [InlineData("user default on #zz ~* &* +@all", "The password hash must be exactly 64 characters")]
    [InlineData("user bob on\nuser bob off", "Error in user declaration 'bob': Duplicate user found.")]
    [InlineData("user", "Bad directive or wrong number of arguments")]
    [InlineData("user bob on\naclfile users.acl", "define either an ACL file or declare users directly in your redis.conf, but not both")]
    [InlineData("aclfile users.acl", "opening file 'users.acl': No such file or directory")]
    public void A_user_that_cannot_be_made_ends_the_start_with_a_reason(string lines, string reason)
    {
        System.IO.File.WriteAllText(File, $"port {_port}\nsave ''\ndir {_folder}\n{lines}\n");
        var (exitCode, output) = ProgramRun.Run(Executables.Starling, ["server", File]);
        Assert.Equal(1, exitCode);
        Assert.Contains(reason, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unixsocket {0}/missing/my.sock", "Failed opening Unix socket: bind: No such file or directory")]
    [InlineData("unixsocket {0}", "Failed opening Unix socket: bind: Address already in use")]
    [InlineData("logfile {0}/missing/log", "Can't open the log file: No such file or directory")]
    [InlineData("logfile {0}", "Can't open the log file: Is a directory")]
    [InlineData("aclfile {0}/missing", "opening file '{0}/missing': No such file or directory")]
    [InlineData("include {0}/missing", "No such file or directory")]
    public void What_the_system_refuses_at_the_start_is_told_in_the_words_of_redis_server(string line, string words)
    {
        System.IO.File.WriteAllText(File, $"port {_port}\nsave ''\n{line.Replace("{0}", _folder, StringComparison.Ordinal)}\n");
        string[] programs = [Executables.RedisServer, Executables.Starling];
        foreach (var program in programs)
        {
            var (exitCode, output) = ProgramRun.Run(program, program == Executables.Starling ? ["server", File] : [File]);
            Assert.Equal(1, exitCode);
            Assert.Contains(words.Replace("{0}", _folder, StringComparison.Ordinal), output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void CONFIG_REWRITE_writes_users_that_both_servers_read_again()
    {
        System.IO.File.WriteAllText(
            File, $"port {_port}\nbind 127.0.0.1\ndir {_folder}\nsave ''\nuser bob on >x ~old\n# mine\nuser gone on\nrequirepass foobared\n");
        object?[] users;
        using (var starling = new RunningServer(["server", File], folder: Fresh()))
        {
            using var client = Connect(starling, "foobared");
            Assert.Equal("OK", client.Text("ACL", "SETUSER", "bob", "reset", "on", "nopass", "+@all", "-flushall", "~k\"'\\\u00ff", "&c", "(+get %R~x* )"));
            Assert.Equal("OK", client.Text("ACL", "SETUSER", "al", "+select|0", "(~\"a\\\"b\" +get)"));
            Assert.Equal("1", client.Text("ACL", "DELUSER", "gone"));
            Assert.Equal("OK", client.Text("CONFIG", "REWRITE"));
            users = (object?[])client.Call("ACL", "LIST")!;
            Assert.Equal(3, users.Length);
        }

        Assert.DoesNotContain("gone", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
        Assert.Contains("# mine\n", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
        foreach (var program in (string[])[Executables.Starling, Executables.RedisServer])
        {
            using var again = new RunningServer(program == Executables.Starling ? ["server", File] : [File], program, folder: Fresh());
            using var client = Connect(again, "foobared");
            Assert.Equal(users.Select(Told), ((object?[])client.Call("ACL", "LIST")!).Select(Told));
        }

        // Which of a user's flags are told when they are the default is up to the version.
        static string Told(object? line) => ((string)line!).Replace("sanitize-payload ", "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("logfile \"\"")]
    [InlineData("aclfile \"\"\nignore-warnings \"\"")]
    [InlineData("pidfile \"\"\nunixsocket \"\"\nmasterauth \"\"\ncluster-announce-ip \"\"")]
    [InlineData("cluster-config-file \"\"\nnotify-keyspace-events \"\"")]
    [InlineData("cluster-enabled yes")]
    [InlineData("cluster-enabled yes\ndatabases 16")]
    [InlineData("databases 4\ncluster-enabled yes\ncluster-port 0\ncluster-config-file \"my nodes.conf\"")]
    [InlineData("databases 4\ndatabases 16")]
    [InlineData("# mine\n\n\n   maxmemory 1mb   \n\tmaxmemory-samples 7\nMaxMemory-Policy AllKeys-LRU")]
    [InlineData("client-output-buffer-limit normal 1gb 1g 0\nclient-output-buffer-limit slave 3k 2kb 1\nslave-read-only yes")]
    [InlineData("hash-max-ziplist-entries 100\nmin-slaves-to-write 0\nmasterauth \"x y\"\nreplicaof 127.0.0.1 1")]
    public void Both_servers_rewrite_a_file_to_the_same_lines(string lines)
    {
        string[] programs = [Executables.RedisServer, Executables.Starling];
        var rewritten = programs.Select(program =>
        {
            System.IO.File.WriteAllText(File, $"port {_port}\nbind 127.0.0.1\ndir {_folder}\nsave 10 1\n{lines}\n");
            using var server = new RunningServer(program == Executables.Starling ? ["server", File] : [File], program, folder: Fresh());
            using var client = Connect(server, password: null);
            Assert.Equal("OK", client.Text("CONFIG", "REWRITE"));
            var databases = ((object?[])client.Call("CONFIG", "GET", "databases")!)[1];
            Assert.Equal(0, server.Stop());
            System.IO.File.Delete(Path.Combine(_folder, "nodes.conf"));
            return (string[])[.. System.IO.File.ReadAllLines(File).Where(IsTheSame).Order(StringComparer.Ordinal), "has " + databases];
        }).ToArray();
        Assert.Equal(rewritten[0], rewritten[1]);
    }

    /// <summary>False for what redis-server adds to every file, whatever is in it.</summary>
    private static bool IsTheSame(string line) =>
        line.Length > 0 && !line.StartsWith("user default", StringComparison.Ordinal)
        && !line.StartsWith("latency-tracking-info-percentiles", StringComparison.Ordinal)
        && !line.StartsWith("# Generated by", StringComparison.Ordinal);

    private static string[] Values(RespConnection client) =>
    [
        .. ((string[])["save", "maxmemory-policy", "client-output-buffer-limit", "notify-keyspace-events", "requirepass", "masterauth", "hz", "dir"])
            .Select(name => name + "=" + ((object?[])client.Call("CONFIG", "GET", name)!)[1]),
    ];

    private static string Fresh() => Directory.CreateTempSubdirectory("starling-exe-").FullName;

    private RespConnection Connect(RunningServer server, string? password)
    {
        server.WaitForLine("Ready to accept connections");
        var client = new RespConnection(_port);
        if (password is not null) Assert.Equal("OK", client.Text("AUTH", password));
        return client;
    }
}
