using System.Net.Sockets;

namespace Starling.Transport;

/// <summary>What an <see cref="IPoller"/> watches: a socket, its owner, and what the owner wants to be told of.</summary>
public sealed class PollSource
{
    internal PollSource(Socket socket)
    {
        Socket = socket;
        Descriptor = socket.Handle;
    }

    /// <summary>A number that names the socket for a human.</summary>
    public long Descriptor { get; }

    /// <summary>Who is told; set before it is watched.</summary>
    public IPollOwner? Owner { get; set; }

    /// <summary>What is waited for; a poller that watches already has to be told of a change.</summary>
    public Readiness Wants { get; set; }

    internal Socket Socket { get; }
}
