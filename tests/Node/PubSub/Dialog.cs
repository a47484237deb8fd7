using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Starling.Node.Tests.PubSub;

/// <summary>
/// What a server sends for some inline commands, to the byte. UNSUBSCRIBE from a channel of a name that nothing else has is answered in
/// every state of a client, and so tells the end.
/// </summary>
internal sealed class Dialog : IDisposable
{
    private const string End = "the-end-of-it";

    private readonly TcpClient _client = new() { NoDelay = true };

    public Dialog(int port)
    {
        _client.Connect(IPAddress.Loopback, port);
        _client.ReceiveTimeout = 60_000;
    }

    /// <summary>Sends lines and returns the bytes that come back, one character each.</summary>
    public string Say(params string[] lines)
    {
        var stream = _client.GetStream();
        stream.Write(Encoding.Latin1.GetBytes(string.Concat(lines.Select(line => line + "\r\n")) + "UNSUBSCRIBE " + End + "\r\n"));
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            var count = stream.Read(buffer);
            text.Append(Encoding.Latin1.GetString(buffer, 0, count));
            var all = text.ToString();
            var at = all.IndexOf(End, StringComparison.Ordinal);
            if (count == 0) return all + "<closed>";
            if (at >= 0 && all.IndexOf(':', at) is >= 0 and var number && all.IndexOf('\n', number) >= 0) return all;
        }
    }

    public void Dispose() => _client.Dispose();
}
