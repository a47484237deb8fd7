namespace Starling.Node.Replication;

/// <summary>The connection of a replica, as far as replication needs it. Any thread.</summary>
internal interface IReplicaTransport
{
    /// <summary>Bytes that were pushed and not yet taken by the socket.</summary>
    long PendingBytes { get; }

    /// <summary>Milliseconds of Unix time at which the replica's last bytes arrived.</summary>
    long LastReadAt { get; }

    /// <summary>False once the connection is closed or being closed.</summary>
    bool IsOpen { get; }

    /// <summary>The peer's address without port; empty when there is none (Unix socket).</summary>
    string RemoteAddress { get; }

    /// <summary>What CLIENT LIST says of it, for the log.</summary>
    string Description { get; }

    /// <summary>Queues bytes behind what is queued; the connection's thread sends them. Copies; never blocks.</summary>
    void Push(ReadOnlySpan<byte> bytes);

    /// <summary>Sends bytes of the stream as far as they fit, once what is queued has gone. Never blocks.</summary>
    /// <returns>
    /// Bytes sent; when not all, the connection's owner is told as soon as there is room. Negative when it is closed.
    /// </returns>
    int TrySendStream(ReadOnlySpan<byte> bytes);

    /// <summary>Closes at once.</summary>
    void Close();

    /// <summary>Closes when what is queued has been sent.</summary>
    void CloseAfterOutput();
}
