using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Starling.Node.Config;
using Starling.Tests.Support;
using Starling.Transport.Tls;

namespace Starling.Node.Tests.Tls;

/// <summary>A server in this process with a port of encrypted connections, and certificates for it and its clients.</summary>
internal sealed class TlsServer : IAsyncDisposable
{
    private readonly TestServer _server;

    private TlsServer(TestServer server, TestCertificates certificates) => (_server, Certificates) = (server, certificates);

    public TestCertificates Certificates { get; }

    public NodeServer Node => _server.Node;

    public int Port => Node.Listener.Port;

    public int TlsPort => Node.Listener.TlsPort;

    /// <summary>Starts it, with the certificate "server".</summary>
    public static TlsServer Start(Func<TlsOptions, TlsOptions>? change = null, Action<ServerConfig>? configure = null, string? password = null)
    {
        TestCertificates? certificates = null;
        var server = TestServer.Start(config =>
        {
            certificates = new TestCertificates(config.Dir);
            certificates.Sign("server", password);
            config.Tls.Port = Ports.Take();
            var options = new TlsOptions
            {
                CertificateFile = "server.pem", // relative to dir
                KeyFile = certificates.KeyFile("server"),
                AuthoritiesFile = certificates.AuthorityFile,
                ClientAuthentication = TlsClientAuthentication.No,
            };
            config.Tls.Options = change is null ? options : change(options);
            configure?.Invoke(config);
        });
        return new TlsServer(server, certificates!);
    }

    /// <summary>Connects and shakes hands, as the runtime's own streams do.</summary>
    public async Task<SslStream> ConnectAsync(X509Certificate2? certificate = null, SslProtocols protocols = SslProtocols.None)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", TlsPort);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        try
        {
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = protocols,
                ClientCertificates = certificate is null ? [] : [certificate],
            });
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a request as a line and reads one line of reply.</summary>
    public static async Task<string> AskAsync(Stream stream, string line)
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"));
        var reply = new List<byte>();
        var one = new byte[1];
        while (reply is not [.., (byte)'\n'])
        {
            await stream.ReadExactlyAsync(one);
            reply.Add(one[0]);
        }

        return Encoding.UTF8.GetString([.. reply]).TrimEnd();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
