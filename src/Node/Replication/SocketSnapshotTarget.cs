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
    private readonly RoomSignal _room = new();
    private ReplicaLink[] _links = [];

    /// <summary>
    /// The snapshot's moment, under every stripe: puts a cursor where the replicas' stream will go on, and has them told.
    /// </summary>
    public ReplicationPosition? Begin()
    {
        using (service.Replicas.Membership.Enter())
        {
            // In one step: who begins to wait in between may have had to make the backlog first.
            var (position, cursor) = service.BeginFullSync();
            _links = synchronizer.Claim(streamed: true, link =>
            {
                link.Room = _room;
                service.SetUpFullSync(link, position, cursor);
                link.Say([.. "$EOF:"u8, .. _mark, .. "\r\n"u8]);
            });
            cursor?.Dispose();
            return position;
        }
    }

    /// <summary>Tells the replicas what was said at the moment, under no lock, before the first byte.</summary>
    public void Announce()
    {
        foreach (var link in _links) link.Deliver();
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
                link.Push(piece);
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
            link.Room = null;
            if (link.RdbOnly)
            {
                link.State = ReplicaState.Transmitted;
                link.Push(_mark);
                ReplicationMessages.RdbOnlyTransferred(logger, link.Name);
                link.Transport.CloseAfterOutput();
                continue;
            }

            ReplicationMessages.StreamedTransferSucceeded(logger, link.Name);
            link.StreamsOnAck = true;
            service.PutOnline(link);
            link.Push(_mark);
        }
    }

    /// <inheritdoc/>
    public void Abandon()
    {
        if (_links.Length > 0) ReplicationMessages.SnapshotFailed(logger);
        foreach (var link in _links) service.Drop(link);
    }

    /// <summary>Waits until the connection takes more; false when the replica is gone, timed out included.</summary>
    private bool WaitForRoom(ReplicaLink link, CancellationToken cancellation)
    {
        while (true)
        {
            _room.Expect();
            if (!IsAlive(link)) return false;
            if (link.HasRoom) break;
            link.NoteStuck(service.Basics.SteadyMilliseconds);
            _room.Wait(cancellation);
        }

        link.NoteUnstuck();
        return true;
    }

    private static bool IsAlive(ReplicaLink link) =>
        link.State == ReplicaState.WaitSnapshotEnd && link.Transport.IsOpen;

    /// <summary>The mark, for tests.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{_links.Length} replicas, mark {Encoding.ASCII.GetString(_mark)}");
}
