using Starling.Node.Replication;

namespace Starling.Node.Tests.Serving;

/// <summary>A replica's connection that keeps what it is sent.</summary>
internal sealed class RecordedReplica : IReplicaTransport
{
    public long PendingBytes => 0;

    public long LastReadAt => 0;

    public bool IsOpen => true;

    public string RemoteAddress => "10.0.0.1";

    public string Description => "recorded";

    /// <summary>Everything it was sent.</summary>
    public MemoryStream Sent { get; } = new();

    /// <summary>Bytes that it takes before it is full.</summary>
    public long Room { get; set; } = long.MaxValue;

    /// <summary>Called before bytes are taken.</summary>
    public Action? OnSend { get; set; }

    /// <summary>An online replica of a server, fed by this.</summary>
    public ReplicaLink Join(NodeServer server)
    {
        var link = new ReplicaLink(this);
        using (server.Replication.Replicas.Membership.Enter())
        {
            server.Replication.Log.CreateBacklog();
            link.Attach(server.Replication.Log.AttachAtEnd());
            server.Replication.Replicas.Add(link);
            link.State = ReplicaState.Online;
        }

        link.StartStream();
        return link;
    }

    public void Push(ReadOnlySpan<byte> bytes) => throw new NotSupportedException();

    public int TrySendStream(ReadOnlySpan<byte> bytes)
    {
        OnSend?.Invoke();
        var count = (int)Math.Min(bytes.Length, Room);
        Room -= count;
        Sent.Write(bytes[..count]);
        return count;
    }

    public void Close()
    {
        // The test looks at the link.
    }

    public void CloseAfterOutput()
    {
        // The test looks at the link.
    }
}
