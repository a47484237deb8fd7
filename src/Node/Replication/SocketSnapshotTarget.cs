using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node.Persistence;

namespace Starling.Node.Replication;

/// <summary>
/// Streams a snapshot to the connections of several replicas as it is made, between <c>$EOF:mark</c> and the mark. The
/// slowest replica that is not timed out sets the pace.
/// </summary>
internal sealed class SocketSnapshotTarget(ReplicationService service, FullSynchronizer synchronizer, ILogger logger)
    : ISnapshotTarget
{
    private const int Piece = 256 * 1024;

    private readonly byte[] _mark = Encoding.ASCII.GetBytes(ReplicationHistory.NewId());
    private ReplicaLink[] _links = [];

    /// <summary>
    /// The snapshot's moment, under every stripe: tells the replicas where their stream will go on and puts a cursor
    /// there.
    /// </summary>
    public ReplicationPosition? Begin()
    {
        var (position, cursor) = service.BeginFullSync();
        _links = synchronizer.Claim(streamed: true, link =>
        {
            service.SetUpFullSync(link, position, cursor);
            link.Transport.Push("$EOF:"u8);
            link.Transport.Push(_mark);
            link.Transport.Push("\r\n"u8);
        });
        cursor?.Dispose();
        return position;
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            var piece = bytes[..Math.Min(Piece, bytes.Length)];
            bytes = bytes[piece.Length..];
            var alive = 0;
            foreach (var link in _links)
            {
                if (!WaitForRoom(link, cancellation)) continue;
                link.Transport.Push(piece);
                alive++;
            }

            if (alive > 0) continue;
            ReplicationMessages.LastReplicaDropped(logger);
            throw new IOException("no replica is left");
        }
    }

    /// <inheritdoc/>
    public void Complete(CancellationToken cancellation)
    {
        foreach (var link in _links)
        {
            if (!IsAlive(link)) continue;
            if (link.RdbOnly)
            {
                link.State = ReplicaState.Transmitted;
                link.Transport.Push(_mark);
                ReplicationMessages.RdbOnlyTransferred(logger, link.Name);
                link.Transport.CloseAfterOutput();
                continue;
            }

            ReplicationMessages.StreamedTransferSucceeded(logger, link.Name);
            link.StreamsOnAck = true;
            service.PutOnline(link);
            link.Transport.Push(_mark);
        }
    }

    /// <inheritdoc/>
    public void Abandon()
    {
        ReplicationMessages.SnapshotFailed(logger);
        foreach (var link in _links) service.Drop(link);
    }

    /// <summary>Waits until the connection takes more; false when the replica is gone, timed out included.</summary>
    private bool WaitForRoom(ReplicaLink link, CancellationToken cancellation)
    {
        var lastPending = long.MaxValue;
        var progressAt = 0L;
        while (IsAlive(link))
        {
            var pending = link.Transport.PendingBytes;
            if (pending < ReplicaLink.HighWater) return true;
            var now = service.Basics.NowMilliseconds;
            if (pending < lastPending) progressAt = now;
            lastPending = pending;
            if (now - progressAt > service.Basics.Config.ReplTimeout * 1000L)
            {
                ReplicationMessages.TimedOutFullSync(logger, link.Name);
                service.Drop(link);
                return false;
            }

            cancellation.WaitHandle.WaitOne(1);
            cancellation.ThrowIfCancellationRequested();
        }

        return false;
    }

    private static bool IsAlive(ReplicaLink link) =>
        link.State == ReplicaState.WaitSnapshotEnd && link.Transport.IsOpen;

    /// <summary>The mark, for tests.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{_links.Length} replicas, mark {Encoding.ASCII.GetString(_mark)}");
}
