using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Starling.Tests.Support;
using Starling.Transport.Tls;

namespace Starling.Node.Tests.Tls;

/// <summary>Clients on the port of encrypted connections.</summary>
public sealed class TlsClientTests
{
    [Fact]
    public async Task Encrypted_and_plain_clients_are_served_side_by_side()
    {
        await using var server = TlsServer.Start();
        await using var encrypted = await server.ConnectAsync();
        using var plain = await TestClient.ConnectAsync(server.Port);
        Assert.Equal("+OK", await TlsServer.AskAsync(encrypted, "SET k v"));
        Assert.Equal("v", await plain.TextAsync("GET", "k"));
        Assert.Contains("CN=server", encrypted.RemoteCertificate!.Subject, StringComparison.Ordinal);
        var info = await plain.TextAsync("INFO", "server");
        Assert.Contains($":name=tls,bind=127.0.0.1,port={server.TlsPort}\r\n", info, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TlsClientAuthentication.No, true, true, true)]
    [InlineData(TlsClientAuthentication.Yes, false, true, false)]
    [InlineData(TlsClientAuthentication.Optional, true, true, false)]
    public async Task Who_has_to_show_which_certificate_is_said_by_tls_auth_clients(
        TlsClientAuthentication authentication, bool withoutAny, bool withGood, bool withForeign)
    {
        await using var server = TlsServer.Start(options => options with { ClientAuthentication = authentication });
        using var good = server.Certificates.Sign("client");
        var folder = Directory.CreateTempSubdirectory("starling-foreign-").FullName;
        using var foreign = new TestCertificates(folder).Sign("client");
        Assert.Equal(withoutAny, await IsServedAsync(server, null));
        Assert.Equal(withGood, await IsServedAsync(server, good));
        Assert.Equal(withForeign, await IsServedAsync(server, foreign));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_client_that_reads_late_gets_every_byte_of_its_replies_in_order()
    {
        await using var server = TlsServer.Start();
        await using var client = await server.ConnectAsync();
        var value = new string('v', 1 << 20);
        using (var plain = await TestClient.ConnectAsync(server.Port)) await plain.CallAsync("SET", "k", value);
        var requests = new StringBuilder();
        var expected = new StringBuilder();
        for (var i = 0; i < 40; i++)
        {
            requests.Append(CultureInfo.InvariantCulture, $"GET k\r\nECHO {i:D4}\r\n");
            expected.Append(CultureInfo.InvariantCulture, $"${value.Length}\r\n").Append(value).Append("\r\n$4\r\n")
                .Append(i.ToString("D4", CultureInfo.InvariantCulture)).Append("\r\n");
        }

        await client.WriteAsync(Encoding.ASCII.GetBytes(requests.ToString()));

        // The sockets are full before anything is read: records are sent in parts.
        await using var other = await server.ConnectAsync();
        await Eventually.True(() => server.Node.Clients.Snapshot().Any(connection => connection.PendingBytes > 0));
        Assert.Equal("+PONG", await TlsServer.AskAsync(other, "PING"));
        var replies = new byte[expected.Length];
        await client.ReadExactlyAsync(replies);
        Assert.True(expected.ToString() == Encoding.ASCII.GetString(replies), "the replies are whole and in order");
        Assert.Equal("+PONG", await TlsServer.AskAsync(client, "PING"));
    }

    [Fact]
    public async Task A_large_value_in_many_records_arrives_whole_and_so_does_a_reply_before_the_end()
    {
        await using var server = TlsServer.Start();
        await using var client = await server.ConnectAsync();
        var value = new byte[5_000_000];
        new Random(1).NextBytes(value);
        await client.WriteAsync(Encoding.ASCII.GetBytes($"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${value.Length}\r\n"));
        for (var at = 0; at < value.Length; at += 33_333) await client.WriteAsync(value.AsMemory(at, Math.Min(33_333, value.Length - at)));
        await client.WriteAsync("\r\nGET k\r\nQUIT\r\n"u8.ToArray());
        var head = $"+OK\r\n${value.Length}\r\n";
        var replies = new MemoryStream();
        await client.CopyToAsync(replies);
        var bytes = replies.ToArray();
        Assert.Equal(head, Encoding.ASCII.GetString(bytes, 0, head.Length));
        Assert.True(bytes.AsSpan(head.Length, value.Length).SequenceEqual(value), "the value is what was set");
        Assert.Equal("\r\n+OK\r\n", Encoding.ASCII.GetString(bytes, head.Length + value.Length, bytes.Length - head.Length - value.Length));
    }

    [Theory]
    [InlineData("TLSv1.3", SslProtocols.Tls13, SslProtocols.Tls12)]
    [InlineData("TLSv1.2", SslProtocols.Tls12, SslProtocols.Tls13)]
    public async Task Only_the_versions_of_tls_protocols_are_spoken(string protocols, SslProtocols spoken, SslProtocols refused)
    {
        await using var server = TlsServer.Start(options => options with { Protocols = protocols });
        await using (var client = await server.ConnectAsync(protocols: spoken)) Assert.Equal(spoken, client.SslProtocol);
        var error = await Record.ExceptionAsync(() => server.ConnectAsync(protocols: refused));
        Assert.True(error is AuthenticationException or IOException, $"{error}");
        await using var another = await server.ConnectAsync(protocols: spoken);
        Assert.Equal("+PONG", await TlsServer.AskAsync(another, "PING"));
    }

    [Fact]
    public async Task A_key_with_a_password_is_opened_with_it()
    {
        await using var server = TlsServer.Start(options => options with { KeyPassword = "secret" }, password: "secret");
        await using var client = await server.ConnectAsync();
        Assert.Equal("+PONG", await TlsServer.AskAsync(client, "PING"));
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData("")]
    public void A_key_with_another_password_is_refused_at_the_start(string password) => Assert.Equal(
        "Failed to configure TLS. Check logs for more info.",
        Assert.Throws<ServerStartException>(() => TlsServer.Start(options => options with { KeyPassword = password }, password: "secret")).Message);

    [Fact]
    public async Task A_plain_client_on_the_encrypted_port_and_an_encrypted_one_on_the_plain_are_let_go()
    {
        await using var server = TlsServer.Start();
        foreach (var (port, bytes) in new[] { (server.TlsPort, "PING\r\nPING\r\n"u8.ToArray()), (server.Port, [0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0, 10]) })
        {
            using var wrong = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 60_000 };
            await wrong.ConnectAsync("127.0.0.1", port);
            await wrong.SendAsync(bytes);
            wrong.Shutdown(SocketShutdown.Send);
            var buffer = new byte[1000];
            while (await wrong.ReceiveAsync(buffer) is > 0)
            {
            }
        }

        await using var client = await server.ConnectAsync();
        Assert.Equal("+PONG", await TlsServer.AskAsync(client, "PING"));
    }

    [Fact]
    public async Task What_was_read_ahead_is_answered_though_the_client_had_to_let_others_go_first()
    {
        await using var server = TlsServer.Start(configure: config => (config.EnableDebugCommand, config.IoThreads) = ("yes", 1));
        using var admin = await TestClient.ConnectAsync(server.Port);
        await admin.CallAsync("SET", "k", new string('v', 2000));
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 5; round++)
        {
            // Both records are in the socket before the server reads any: the second is read with the first.
            var sleep = admin.CallAsync("DEBUG", "SLEEP", "0.3");
            await client.WriteAsync(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("GET k\r\n", 400))));
            await client.WriteAsync("ECHO last\r\n"u8.ToArray());
            await sleep;
            var replies = new byte[(400 * 2009) + 10];
            await client.ReadExactlyAsync(replies).AsTask().WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System);
            Assert.Equal("$4\r\nlast\r\n", Encoding.ASCII.GetString(replies, replies.Length - 10, 10));
        }
    }

    private static async Task<bool> IsServedAsync(TlsServer server, X509Certificate2? certificate)
    {
        try
        {
            await using var client = await server.ConnectAsync(certificate);
            return await TlsServer.AskAsync(client, "PING") == "+PONG";
        }
        catch (Exception error) when (error is AuthenticationException or IOException)
        {
            return false; // with TLS 1.3 the refusal comes behind the client's handshake
        }
    }
}
