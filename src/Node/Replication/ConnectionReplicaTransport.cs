using System.Net.Sockets;

namespace Starling.Node.Replication;

/// <summary>A replica's connection is an ordinary client's that replication has taken over.</summary>
internal sealed class ConnectionReplicaTransport(ClientConnection connection) : IReplicaTransport
{
    /// <inheritdoc/>
    public long PendingBytes => connection.PendingBytes;

    /// <inheritdoc/>
    public long LastReadAt => connection.Session.LastInteraction;

    /// <inheritdoc/>
    public bool IsOpen => !connection.IsClosing;

    /// <inheritdoc/>
    public string RemoteAddress
    {
        get
        {
            if (connection.RemoteEndPoint is not { } peer) return "";
            var address = peer.Address;
            if (address.AddressFamily == AddressFamily.InterNetworkV6 && address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
            return address.ToString();
        }
    }

    /// <inheritdoc/>
    public string Description => connection.Describe();

    /// <inheritdoc/>
    public void Push(ReadOnlySpan<byte> bytes) => connection.Push(bytes);

    /// <inheritdoc/>
    public int TrySendStream(ReadOnlySpan<byte> bytes) => connection.TrySendStream(bytes);

    /// <inheritdoc/>
    public void Close() => connection.Close();

    /// <inheritdoc/>
    public void CloseAfterOutput() => connection.CloseAfterReply();
}
