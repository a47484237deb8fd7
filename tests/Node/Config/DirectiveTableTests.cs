using Starling.Node.Config;

namespace Starling.Node.Tests.Config;

public class DirectiveTableTests
{
    /// <summary>What redis.conf 7.2 documents and CONFIG GET of 7.0 does not answer.</summary>
    private static readonly string[] NewInRedis72 =
    [
        "aof-rewrite-cpulist", "bgsave-cpulist", "bio-cpulist", "cluster-announce-human-nodename", "locale-collate", "server-cpulist",
        "set-max-listpack-entries", "set-max-listpack-value",
    ];

    /// <summary>What Valkey's tests and configurations set.</summary>
    private static readonly string[] OfValkey =
    [
        "cluster-blacklist-ttl", "cluster-ping-interval", "cluster-slot-stats-enabled", "enable-debug-assert", "events-per-io-thread",
        "hide-user-data-from-log", "key-load-delay", "primaryauth", "primaryuser", "rdb-key-save-delay", "unixsocketgroup",
    ];

    /// <summary>What the main job needs to have an effect.</summary>
    private static readonly string[] Effective =
    [
        "port", "bind", "bind-source-addr", "unixsocket", "unixsocketperm", "protected-mode", "requirepass", "masterauth", "masteruser", "daemonize",
        "pidfile", "supervised", "logfile", "loglevel", "dir", "databases", "timeout", "tcp-backlog", "tcp-keepalive", "maxclients",
        "proto-max-bulk-len", "client-query-buffer-limit", "client-output-buffer-limit", "replicaof", "slaveof", "replica-read-only",
        "replica-priority", "replica-serve-stale-data", "replica-announce-ip", "replica-announce-port", "repl-backlog-size", "repl-backlog-ttl",
        "repl-timeout", "repl-ping-replica-period", "repl-diskless-sync", "repl-diskless-sync-delay", "min-replicas-to-write",
        "min-replicas-max-lag", "io-threads", "save", "dbfilename", "rdbcompression", "rdbchecksum", "stop-writes-on-bgsave-error",
        "enable-debug-command", "hz", "activedefrag", "active-defrag-ignore-bytes", "active-defrag-threshold-lower",
        "active-defrag-threshold-upper", "active-defrag-cycle-min", "active-defrag-cycle-max",
    ];

    /// <summary>Defaults that are not Redis's on purpose; the property says why.</summary>
    private static readonly Dictionary<string, string> OwnDefaults =
        new() { ["activedefrag"] = "yes", ["active-defrag-ignore-bytes"] = "8388608" };

    [Fact]
    public void Every_directive_of_redis_70_is_known_with_its_default()
    {
        var different = new List<string>();
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Config/redis-7.0-defaults.txt"));
        Assert.True(lines.Length > 180);
        foreach (var line in lines)
        {
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            var (name, value) = (line[..tab], line[(tab + 1)..]);
            var here = DirectiveTable.Find(name)?.Default;
            if (here != OwnDefaults.GetValueOrDefault(name, value)) different.Add($"{name}: {here ?? "unknown"}, in Redis {value}");
        }

        Assert.Empty(different);
    }

    [Fact]
    public void Newer_directives_are_known()
    {
        Assert.All(NewInRedis72, name => Assert.NotNull(DirectiveTable.Find(name)));
        Assert.All(OfValkey, name => Assert.NotNull(DirectiveTable.Find(name)));
    }

    [Fact]
    public void Directives_of_the_main_job_have_an_effect()
    {
        Assert.All(Effective, name => Assert.Equal(DirectiveState.Effective, DirectiveTable.Find(name)!.State));
        var ofRedis = DirectiveTable.All.Where(d => d.Name.StartsWith("cluster-", StringComparison.Ordinal) && !OfValkey.Contains(d.Name)
            && !d.Name.StartsWith("cluster-announce-client-", StringComparison.Ordinal));
        Assert.All(ofRedis, directive => Assert.Equal(DirectiveState.Effective, directive.State));
    }

    [Fact]
    public void Names_and_aliases_are_unique_and_in_lower_case()
    {
        var names = DirectiveTable.All.SelectMany(directive => directive.Aliases.Concat(directive.HiddenAliases).Append(directive.Name)).ToList();
        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(names, name => Assert.Equal(name.ToLowerInvariant(), name));
    }

    [Fact]
    public void Every_default_is_accepted()
    {
        var config = new ServerConfig();
        foreach (var directive in DirectiveTable.All)
        {
            var reason = directive.SetText(config, directive.Default);
            Assert.True(reason is null || directive.Name == "replicaof", $"{directive.Name}: {reason}");
        }
    }

    [Theory]
    [InlineData("not an ip")]
    [InlineData("1.2.3.4,5")]
    [InlineData("1.2.3.4\nvars currentEpoch 9")]
    [InlineData("\"1.2.3.4\"")]
    public void An_announced_address_that_nodes_conf_could_not_hold_is_refused(string address)
    {
        var config = new ServerConfig();
        var directive = DirectiveTable.Find("cluster-announce-ip")!;
        Assert.NotNull(directive.SetText(config, address));
        Assert.Null(directive.SetText(config, "node-1.example"));
        Assert.Equal("node-1.example", directive.Get(config));
    }

    [Theory]
    [InlineData("hz", "100000", "500")]
    [InlineData("hz", "0", "1")]
    [InlineData("oom-score-adj", "RELATIVE", "yes")]
    [InlineData("notify-keyspace-events", "KEAmn", "AKEmn")]
    [InlineData("notify-keyspace-events", "g$lshzxetdE", "AE")]
    [InlineData("notify-keyspace-events", "nxK", "xnK")]
    [InlineData("latency-tracking-info-percentiles", "1.50 2", "1.5 2")]
    [InlineData("shutdown-on-sigterm", "now FORCE nosave", "nosave now force")]
    [InlineData("auto-aof-rewrite-min-size", "1k", "1000")]
    [InlineData("auto-aof-rewrite-min-size", "1KB", "1024")]
    [InlineData("auto-aof-rewrite-min-size", "3gb", "3221225472")]
    [InlineData("maxmemory-clients", "5%", "5%")]
    [InlineData("maxmemory", "18446744073709551615", "9223372036854775807")]
    [InlineData("unixsocketperm", "0700", "700")]
    [InlineData("appendfsync", "ALWAYS", "always")]
    [InlineData("bind", "", "")]
    [InlineData("client-output-buffer-limit", "replica 1mb 2 3", "normal 0 0 0 slave 1048576 2 3 pubsub 33554432 8388608 60")]
    public void A_value_reads_back_as_redis_words_it(string name, string value, string expected)
    {
        var config = new ServerConfig();
        var directive = DirectiveTable.Find(name)!;
        Assert.Null(directive.SetText(config, value));
        Assert.Equal(expected, directive.Get(config));
    }
}
