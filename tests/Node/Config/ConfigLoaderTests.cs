using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Starling.Node.Config;

namespace Starling.Node.Tests.Config;

public sealed class ConfigLoaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("starling-config-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_sets_what_it_names_and_leaves_the_rest()
    {
        var config = Load("# comment\n\nport 7001\r\n  BIND 127.0.0.1 -::1\nrequirepass \"a b\"\nrepl-backlog-size 2mb\nunixsocketperm 755\n");
        Assert.Equal(7001, config.Port);
        Assert.Equal(["127.0.0.1", "-::1"], config.Bind);
        Assert.Equal("a b", config.RequirePass);
        Assert.Equal(2 << 20, config.ReplBacklogSize);
        Assert.Equal(493, config.UnixSocketPerm);
        Assert.Equal(10000, config.MaxClients);
        Assert.Equal(Path.Combine(_folder, "redis.conf"), config.File);
    }

    [Fact]
    public void The_first_save_replaces_the_defaults_and_later_ones_add()
    {
        Assert.Equal([new SavePoint(900, 1), new SavePoint(300, 10)], Load("save 900 1\nsave 300 10\n").Save);
        Assert.Equal([new SavePoint(60, 5)], Load("save 900 1\nsave ''\nsave 60 5\n").Save);
        Assert.Equal([new SavePoint(900, 1), new SavePoint(300, 10)], Load("save \"900 1 300 10\"\n").Save);
        Assert.Empty(Load("save \"\"\n").Save);
        Assert.Equal(3, Load("port 1\n").Save.Count);
    }

    [Fact]
    public void Repeated_buffer_limits_add_up_class_by_class()
    {
        var config = Load("client-output-buffer-limit normal 1mb 0 0\nclient-output-buffer-limit slave 2k 1kb 3 pubsub 7 6 5\n");
        Assert.Equal(new OutputBufferLimit(1 << 20, 0, 0), config.NormalOutputBufferLimit);
        Assert.Equal(new OutputBufferLimit(2000, 1024, 3), config.ReplicaOutputBufferLimit);
        Assert.Equal(new OutputBufferLimit(7, 6, 5), config.PubSubOutputBufferLimit);
    }

    [Fact]
    public void The_command_line_counts_more_than_standard_input_and_that_more_than_the_file()
    {
        var file = Write("redis.conf", "port 1\nhz 11\ntimeout 5\n");
        var arguments = ServerArguments.Parse([file, "-", "--port", "3"]);
        Assert.False(arguments.ReadsStandardInput);
        arguments = ServerArguments.Parse([file, "--port", "3", "-"]);
        Assert.True(ConfigLoader.TryLoad(arguments, () => new MemoryStream("port 2\nhz 12\n"u8.ToArray()), out var config, out _));
        Assert.Equal((3, 12, 5), (config.Port, config.Hz, config.Timeout));
    }

    [Fact]
    public void Include_reads_a_file_where_it_stands()
    {
        var included = Write("more.conf", "port 2\ntimeout 9\n");
        var config = Load($"port 1\ninclude {included}\ntimeout 10\n");
        Assert.Equal((2, 10), (config.Port, config.Timeout));
    }

    [Fact]
    public void Include_takes_patterns_in_the_order_of_names()
    {
        Write("conf.d/b.conf", "port 2\n");
        Write("conf.d/a.conf", "port 1\ntimeout 7\n");
        Write("conf.d/.hidden.conf", "bogus\n");
        Write("conf.d/c.txt", "bogus\n");
        var config = Load($"include {_folder}/conf.?/[ab].c*\n");
        Assert.Equal((2, 7), (config.Port, config.Timeout));
        Assert.Equal(6379, Load($"include {_folder}/none/*.conf\n").Port);
    }

    [Fact]
    public void A_missing_include_is_named()
    {
        var error = Fail("include /nonexistent/x.conf\n");
        Assert.Equal("Fatal error, can't open config file '/nonexistent/x.conf': No such file or directory\n", error.Describe("7"));
    }

    [Fact]
    public void Files_that_include_each_other_end_in_an_error()
    {
        Write("redis.conf", string.Empty);
        Assert.Equal("include is nested too deeply", Fail($"include {_folder}/redis.conf\n").Reason);
    }

    [Fact]
    public void Dir_changes_what_relative_paths_mean()
    {
        Write("data/inner/x.conf", "port 3\n");
        var config = Load($"dir {_folder}/data\ndir inner\ninclude x.conf\nlogfile log.txt\n");
        Assert.Equal(Path.Combine(_folder, "data/inner"), config.Dir);
        Assert.Equal(3, config.Port);
        Assert.Equal(Path.Combine(_folder, "data/inner/log.txt"), config.PathOf(config.LogFile));
    }

    [Theory]
    [InlineData("port abc", "argument couldn't be parsed into an integer")]
    [InlineData("port 70000", "argument must be between 0 and 65535 inclusive")]
    [InlineData("port", "wrong number of arguments")]
    [InlineData("port 1 2", "wrong number of arguments")]
    [InlineData("port 01", "argument couldn't be parsed into an integer")]
    [InlineData("daemonize maybe", "argument must be 'yes' or 'no'")]
    [InlineData("loglevel loud", "argument(s) must be one of the following: debug, verbose, notice, warning, nothing")]
    [InlineData("supervised x", "argument(s) must be one of the following: upstart, systemd, auto, no")]
    [InlineData("repl-backlog-size 1xb", "argument must be a memory value")]
    [InlineData("repl-backlog-size 0", "argument must be between 1 and 9223372036854775807 inclusive")]
    [InlineData("maxmemory-clients 101%", "percentage argument must be less or equal to 100")]
    [InlineData("maxmemory-clients x%", "argument must be a memory or percent value")]
    [InlineData("maxclients 0", "argument must be between 1 and 4294967295 inclusive")]
    [InlineData("unixsocketperm 888", "argument couldn't be parsed as an octal number")]
    [InlineData("unixsocketperm 1777", "argument must be between 0 and 777 inclusive")]
    [InlineData("save 900", "Invalid save parameters")]
    [InlineData("save 0 1", "Invalid save parameters")]
    [InlineData("replicaof a", "wrong number of arguments")]
    [InlineData("replicaof a 70000", "Invalid master port")]
    [InlineData("dbfilename a/b", "dbfilename can't be a path, just a filename")]
    [InlineData("appendfilename ''", "appendfilename can't be empty")]
    [InlineData("dir /nonexistent", "No such file or directory")]
    [InlineData("client-output-buffer-limit normal 1 2", "Wrong number of arguments in buffer limit configuration.")]
    [InlineData("client-output-buffer-limit foo 1 2 3", "Invalid client class specified in buffer limit configuration.")]
    [InlineData("client-output-buffer-limit normal 1 x 3", "Error in hard, soft or soft_seconds setting in buffer limit configuration.")]
    [InlineData("shutdown-on-sigint save nosave", "shutdown options SAVE and NOSAVE can't be used simultaneously")]
    [InlineData("shutdown-on-sigint", "argument(s) must be one of the following: default, save, nosave, now, force")]
    [InlineData("notify-keyspace-events Q", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")]
    [InlineData("oom-score-adj-values 0 1 9999", "Invalid oom-score-adj-values, elements must be between -2000 and 2000.")]
    [InlineData("cluster-announce-hostname a_b", "Hostnames may only contain alphanumeric characters, hyphens or dots")]
    [InlineData("nosuch 1", "Bad directive or wrong number of arguments")]
    [InlineData("rename-command a", "Bad directive or wrong number of arguments")]
    [InlineData("requirepass \"a", "Unbalanced quotes in configuration line")]
    [InlineData("proc-title-template \"{title}\"", "template format is invalid or contains unknown variables")]
    public void A_bad_line_is_refused_in_redis_words(string line, string reason)
    {
        var error = Fail("# first\n" + line + "\n");
        Assert.Equal(reason, error.Reason);
        Assert.Equal(2, error.Line);
        Assert.Equal(line, error.Text);
        var text = error.Describe("7.2.4");
        Assert.StartsWith(
            $"\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\nReading the configuration file, at line 2\n>>> '{line}'\n{reason}\n",
            text,
            StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_folder, "redis.conf") + ":2", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("appendonly yes")]
    [InlineData("rename-command FLUSHALL ''")]
    [InlineData("loadmodule x.so")]
    [InlineData("tls-cluster yes")]
    [InlineData("tls-replication yes")]
    public void What_would_promise_durability_or_security_in_vain_is_refused(string line) =>
        Assert.Contains("not supported", Fail(line + "\n").Reason, StringComparison.Ordinal);

    [Theory]
    [InlineData("appendonly no")]
    [InlineData("tls-cluster no\ntls-replication no")]
    public void The_default_of_what_is_refused_is_accepted(string line) => Load(line + "\n");

    [Theory]
    [InlineData("tls-auth-clients no")]
    [InlineData("tls-auth-clients optional\ntls-session-caching no\ntls-session-cache-size 5\ntls-session-cache-timeout 60")]
    [InlineData("tls-cert-file x\ntls-key-file y\ntls-key-file-pass z\ntls-ca-cert-file c\ntls-ca-cert-dir d\ntls-dh-params-file e")]
    [InlineData("tls-protocols \"TLSv1.2 TLSv1.3\"\ntls-ciphers DEFAULT:!MEDIUM\ntls-ciphersuites a:b\ntls-prefer-server-ciphers yes")]
    public void What_says_how_TLS_would_be_asks_for_none(string lines) => Load(lines + "\n");

    [Fact]
    public void Directives_without_effect_are_accepted_and_listed()
    {
        var config = Load("active-expire-effort 5\nlua-time-limit 5\nport 1\n");
        Assert.Equal(["active-expire-effort"], config.SetWithoutEffect);
        Assert.Equal("5", DirectiveTable.Find("active-expire-effort")!.Get(config));
    }

    [Theory]
    [InlineData("save 1 1\nsave 7 7\n", "1 1 7 7")]
    [InlineData("include {0}/points.conf\nsave 7 7\n", "7 7")] // as CONFIG REWRITE leaves it
    [InlineData("include {0}/points.conf\nsave 7 7\nsave 8 8\n", "7 7 8 8")]
    [InlineData("save 1 1\nsave ''\nsave 1 1\n", "1 1")]
    public void Save_points_that_several_lines_name_are_there_once(string lines, string points)
    {
        Write("points.conf", "save 7 7\n");
        var config = Load(string.Format(CultureInfo.InvariantCulture, lines, _folder));
        Assert.Equal(points, DirectiveTable.Find("save")!.Get(config));
    }

    [Fact]
    public void Cluster_mode_has_one_database_and_no_replicaof()
    {
        var config = Load("cluster-enabled yes\ndatabases 4\n");
        Assert.Equal((4, 1), (config.Databases, config.DatabasesInUse));
        var error = Fail("cluster-enabled yes\nreplicaof 127.0.0.1 1\n");
        Assert.Equal("\n*** FATAL CONFIG FILE ERROR (Redis 7) ***\nreplicaof directive not allowed in cluster mode\n", error.Describe("7"));
    }

    [Fact]
    public void A_log_file_that_cannot_be_opened_is_an_error_at_start() =>
        Assert.StartsWith("Can't open the log file: ", Fail("logfile /nonexistent/log\n").Reason, StringComparison.Ordinal);

    [Fact]
    public void An_error_on_the_command_line_is_not_blamed_on_the_file()
    {
        var arguments = ServerArguments.Parse([Write("redis.conf", "port 1\n"), "--hz", "x"]);
        Assert.False(ConfigLoader.TryLoad(arguments, NoInput, out _, out var error));
        Assert.Null(error.File);
        Assert.Equal("hz \"x\"", error.Text);
    }

    [Fact]
    public void A_file_cut_anywhere_loads_or_is_refused()
    {
        const string text = "port 7000\nsave 900 1 300 10\nrequirepass \"p\\x41\"\nclient-output-buffer-limit replica 1mb 1mb 5\nbind 127.0.0.1\n";
        for (var cut = 0; cut <= text.Length; cut++)
        {
            var isLoaded = TryLoad(text[..cut], out var config, out var error);
            Assert.Equal(isLoaded, error is null);
            Assert.Equal(isLoaded, config is not null);
        }
    }

    [Fact]
    public void A_mutated_file_loads_or_is_refused() =>
        Prop.ForAll<byte[], PositiveInt>((noise, where) =>
        {
            var bytes = "port 7000\nsave 900 1\nbind 127.0.0.1\nmaxmemory 1gb\nclient-output-buffer-limit normal 0 0 0\nhz 10\n"u8.ToArray();
            var at = where.Get % bytes.Length;
            byte[] mutated = [.. bytes.AsSpan(0, at), .. noise, .. bytes.AsSpan(Math.Min(bytes.Length, at + noise.Length))];

            // Files that the noise might name do not exist; a logfile would be made in the test's folder.
            var file = Path.Combine(_folder, "redis.conf");
            File.WriteAllBytes(file, [.. Encoding.UTF8.GetBytes($"dir {_folder}\n"), .. mutated]);
            var isLoaded = ConfigLoader.TryLoad(ServerArguments.Parse([file]), NoInput, out _, out var error);
            return isLoaded == error is null;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_file_beyond_any_reason_is_refused()
    {
        using var endless = new EndlessStream();
        Assert.False(ConfigLoader.TryLoad(ServerArguments.Parse(["-"]), () => endless, out _, out var error));
        Assert.Contains("larger than", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_utf8_is_refused()
    {
        var file = Path.Combine(_folder, "redis.conf");
        File.WriteAllBytes(file, [(byte)'a', 0xff]);
        Assert.False(ConfigLoader.TryLoad(ServerArguments.Parse([file]), NoInput, out _, out var error));
        Assert.Contains("not UTF-8", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Comments_and_users_may_be_any_bytes()
    {
        var file = Path.Combine(_folder, "redis.conf");
        File.WriteAllBytes(file, [.. "# caf\u00e9\nuser bob on ~k\u00e9y\n\t#\u00e4\nhz 17\n".Select(c => (byte)c)]);
        Assert.True(ConfigLoader.TryLoad(ServerArguments.Parse([file]), NoInput, out var config, out _));
        Assert.Equal(17, config.Hz);
        Assert.Equal((byte)0xe9, config.Users[0].Rules[1][2]);
    }

    private static MemoryStream NoInput() => new();

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private bool TryLoad(string text, out ServerConfig? config, out ConfigError? error) =>
        ConfigLoader.TryLoad(ServerArguments.Parse([Write("redis.conf", text)]), NoInput, out config, out error);

    private ServerConfig Load(string text)
    {
        Assert.True(TryLoad(text, out var config, out var error), error?.Describe("test"));
        return config!;
    }

    private ConfigError Fail(string text)
    {
        Assert.False(TryLoad(text, out _, out var error));
        return error!;
    }
}
