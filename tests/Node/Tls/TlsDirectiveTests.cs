using Starling.Tests.Support;
using Starling.Transport.Tls;

namespace Starling.Node.Tests.Tls;

/// <summary>CONFIG SET of the tls-* directives, in Redis's words.</summary>
public sealed class TlsDirectiveTests
{
    private const string Refused = "Unable to update TLS configuration. Check server logs.";

    [Fact]
    public async Task Another_certificate_is_shown_from_now_on_and_connections_stay()
    {
        await using var server = TlsServer.Start();
        using var admin = await TestClient.ConnectAsync(server.Port);
        await using var before = await server.ConnectAsync();
        server.Certificates.Sign("another");
        Assert.Equal("OK", await admin.TextAsync(
            "CONFIG", "SET", "tls-cert-file", server.Certificates.CertificateFile("another"), "tls-key-file", server.Certificates.KeyFile("another")));
        await using var after = await server.ConnectAsync();
        Assert.Equal("CN=server", before.RemoteCertificate!.Subject);
        Assert.Equal("CN=another", after.RemoteCertificate!.Subject);
        Assert.Equal("+PONG", await TlsServer.AskAsync(before, "PING"));
        Assert.Equal("+PONG", await TlsServer.AskAsync(after, "PING"));
    }

    [Fact]
    public async Task Files_that_were_renewed_are_read_again_by_setting_the_same_names()
    {
        await using var server = TlsServer.Start();
        using var admin = await TestClient.ConnectAsync(server.Port);
        using var renewed = server.Certificates.Sign("server");
        await using (var early = await server.ConnectAsync()) Assert.NotEqual(renewed.GetSerialNumberString(), early.RemoteCertificate!.GetSerialNumberString());
        Assert.Equal("OK", await admin.TextAsync("CONFIG", "SET", "tls-cert-file", "server.pem"));
        await using var late = await server.ConnectAsync();
        Assert.Equal(renewed.GetSerialNumberString(), late.RemoteCertificate!.GetSerialNumberString());
    }

    [Theory]
    [InlineData("tls-cert-file", "/none")]
    [InlineData("tls-cert-file", "")]
    [InlineData("tls-key-file", "ca.pem")]
    [InlineData("tls-ca-cert-file", "server.key")]
    [InlineData("tls-dh-params-file", "ca.pem")]
    [InlineData("tls-dh-params-file", "none")]
    [InlineData("tls-protocols", "TLSv9")]
    [InlineData("tls-ciphers", "nonsense")]
    [InlineData("tls-ciphersuites", "nonsense")]
    public async Task What_cannot_be_is_refused_and_what_was_goes_on(string directive, string value)
    {
        await using var server = TlsServer.Start();
        using var admin = await TestClient.ConnectAsync(server.Port);
        var before = await admin.TextAsync("CONFIG", "GET", directive);
        Assert.Equal(
            $"(error) ERR CONFIG SET failed (possibly related to argument '{directive}') - {Refused}",
            await admin.TextAsync("CONFIG", "SET", directive, value));
        Assert.Equal(before, await admin.TextAsync("CONFIG", "GET", directive));
        await using var client = await server.ConnectAsync();
        Assert.Equal("+PONG", await TlsServer.AskAsync(client, "PING"));
    }

    [Fact]
    public async Task The_port_opens_moves_and_closes_while_the_server_runs()
    {
        await using var server = TlsServer.Start(configure: config => config.Tls.Port = 0);
        using var admin = await TestClient.ConnectAsync(server.Port);
        Assert.Equal(0, server.TlsPort);
        var (first, second) = (Ports.Take(), Ports.Take());
        Assert.Equal("OK", await admin.TextAsync("CONFIG", "SET", "tls-port", $"{first}"));
        await using var client = await server.ConnectAsync();
        Assert.Equal("OK", await admin.TextAsync("CONFIG", "SET", "tls-port", $"{second}"));
        Assert.Equal(second, server.TlsPort);
        await using (var another = await server.ConnectAsync()) Assert.Equal("+PONG", await TlsServer.AskAsync(another, "PING"));
        Assert.Equal("OK", await admin.TextAsync("CONFIG", "SET", "tls-port", "0"));
        Assert.Equal(0, server.TlsPort);
        Assert.Equal("+PONG", await TlsServer.AskAsync(client, "PING"));
    }

    [Fact]
    public async Task A_port_without_a_certificate_is_refused()
    {
        await using var server = TlsServer.Start(_ => new TlsOptions(), config => config.Tls.Port = 0);
        using var admin = await TestClient.ConnectAsync(server.Port);
        Assert.Equal(
            $"(error) ERR CONFIG SET failed (possibly related to argument 'tls-port') - {Refused}",
            await admin.TextAsync("CONFIG", "SET", "tls-port", $"{Ports.Take()}"));
        Assert.Equal("+PONG", "+" + await admin.TextAsync("PING"));
    }

    [Fact]
    public void A_cluster_node_with_such_a_port_does_not_start() => Assert.StartsWith(
        "tls-port is not supported in cluster mode yet",
        Assert.Throws<ServerStartException>(() => TlsServer.Start(configure: config => config.ClusterEnabled = true)).Message,
        StringComparison.Ordinal);
}
