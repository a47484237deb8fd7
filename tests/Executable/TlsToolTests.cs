using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>redis-cli and a redis-server replica on the port of encrypted connections.</summary>
public sealed class TlsToolTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("starling-tls-").FullName;
    private readonly int _port = Ports.Take();
    private readonly TestCertificates _certificates;

    public TlsToolTests()
    {
        _certificates = new TestCertificates(_folder);
        _certificates.Sign("server");
        _certificates.Sign("client");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Redis_cli_asks_and_fetches_a_whole_snapshot()
    {
        using var server = Start();
        Assert.Equal("OK", Cli("SET", "k", new string('v', 100_000)).Trim());
        Assert.Equal(new string('v', 100_000), Cli("GET", "k").Trim());
        var file = Path.Combine(_folder, "all.rdb");
        Cli("--rdb", file);
        var bytes = File.ReadAllBytes(file);
        Assert.Equal("REDIS0010"u8, bytes.AsSpan(0, 9));
        Assert.Equal(0xFF, bytes[^9]); // the end, and eight bytes of checksum behind it
    }

    [Fact]
    public void A_client_without_a_certificate_is_refused_by_default()
    {
        using var server = Start();
        var (exitCode, output) = ProgramRun.Run("redis-cli", ["-p", Text(_port), "--tls", "--cacert", _certificates.AuthorityFile, "PING"]);
        Assert.True(exitCode != 0 && !output.Contains("PONG", StringComparison.Ordinal), output);
        Assert.Equal("PONG", Cli("PING").Trim());
    }

    [Fact]
    public void A_client_that_wants_small_records_gets_long_replies_in_them()
    {
        using var server = Start("tls-auth-clients no");
        var value = new string('v', 300_000);
        using (var client = server.Connect()) client.Text("SET", "k", value);
        var (_, output) = ProgramRun.Run(
            Executables.Find("openssl"),
            ["s_client", "-connect", "127.0.0.1:" + Text(_port), "-maxfraglen", "512", "-quiet", "-verify_quiet", "-CAfile", _certificates.AuthorityFile],
            string.Concat(Enumerable.Repeat("GET k\r\n", 5)) + "QUIT\r\n");
        Assert.Equal(5, output.Split(value).Length - 1);
        Assert.Equal("PONG", server.Text("PING"));
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("no")]
    public void A_replica_of_redis_server_follows_encrypted(string diskless)
    {
        using var master = Start("repl-diskless-sync " + diskless, "repl-diskless-sync-delay 0");
        using (var client = master.Connect())
            for (var i = 0; i < 200; i++) client.Text("SET", "before:" + Text(i), new string('b', 50_000));
        using var replica = ServerProcess.Start(
            ServerKind.Redis,
            [.. Directives("client"), "save ", "tls-replication yes", "replicaof 127.0.0.1 " + Text(_port)]);
        using (var client = master.Connect())
            for (var i = 0; i < 200; i++) client.Text("SET", "after:" + Text(i), new string('a', 50_000));
        Wait.Until("the replica is in sync", () => replica.Info("replication", "master_link_status") == "up");
        Wait.Until(
            "the replica has everything",
            () => replica.Info("replication", "slave_repl_offset") == master.Info("replication", "master_repl_offset"));
        Assert.Equal(400L, replica.Call("DBSIZE"));
        Assert.Equal(new string('a', 50_000), replica.Text("GET", "after:199"));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private ServerProcess Start(params string[] directives) => ServerProcess.Start(
        ServerKind.Starling, [.. Directives("server"), "save ", "tls-port " + Text(_port), .. directives]);

    private string[] Directives(string name) =>
    [
        "tls-cert-file " + _certificates.CertificateFile(name), "tls-key-file " + _certificates.KeyFile(name),
        "tls-ca-cert-file " + _certificates.AuthorityFile,
    ];

    private string Cli(params string[] arguments) => ProgramRun.RedisCli(
    [
        "-p", Text(_port), "--tls", "--cacert", _certificates.AuthorityFile, "--cert", _certificates.CertificateFile("client"), "--key",
        _certificates.KeyFile("client"), .. arguments,
    ]);
}
