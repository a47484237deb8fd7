using System.Net;
using System.Net.Sockets;

namespace Starling.Tests.Support;

/// <summary>Hands out ports whose bus port (10000 above) is free too.</summary>
public static class Ports
{
    private static readonly Lock Guard = new();
    private static int _next = 11_000 + Environment.ProcessId % 70 * 100;

    /// <summary>
    /// A port below 20000 that nobody listens on, nor on the one 10000 above; never the same twice in a process.
    /// </summary>
    public static int Take()
    {
        lock (Guard)
        {
            for (var tries = 0; tries < 9000; tries++)
            {
                var port = _next++;
                if (_next >= 19_990) _next = 11_000;
                if (IsFree(port) && IsFree(port + 10_000)) return port;
            }
        }

        throw new InvalidOperationException("no free port between 11000 and 20000");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
