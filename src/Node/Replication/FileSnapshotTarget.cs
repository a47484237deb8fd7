using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node.Persistence;
using Starling.Slots;

namespace Starling.Node.Replication;

/// <summary>
/// Writes a snapshot to a temporary file and, when it is whole, sends it to the replicas as <c>$length</c> and that
/// many bytes, on a thread of its own. Replicas that ask while the file is being written may join.
/// </summary>
internal sealed class FileSnapshotTarget : ISnapshotTarget
{
    private const int Piece = 64 * 1024;

    private readonly ReplicationService _service;
    private readonly FullSynchronizer _synchronizer;
    private readonly ILogger _logger;
    private readonly FileStream _file;
    private readonly RoomSignal _room = new();

    // Replaced, never changed, under the replica set's membership lock: the saver reads it while others join.
    private ReplicaLink[] _links = [];
    private ReplicationPosition? _position;
    private bool _closed;

    /// <summary>Makes the file in <c>dir</c>.</summary>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public FileSnapshotTarget(ReplicationService service, FullSynchronizer synchronizer, ILogger logger)
    {
        _service = service;
        _synchronizer = synchronizer;
        _logger = logger;
        _file = TemporaryFile.Create(service.Basics);
    }

    /// <summary>The snapshot's moment, under every stripe.</summary>
    public ReplicationPosition? Begin()
    {
        using (_service.Replicas.Membership.Enter())
        {
            // In one step: who begins to wait in between may have had to make the backlog first.
            var (position, cursor) = _service.BeginFullSync();
            var links = _synchronizer.Claim(
                streamed: false,
                link => _service.SetUpFullSync(link, position, cursor));
            Volatile.Write(ref _links, links);
            _position = position;
            cursor?.Dispose();
            return position;
        }
    }

    /// <summary>Tells the replicas of the moment where their stream will go on, under no lock.</summary>
    public void Announce()
    {
        foreach (var link in Volatile.Read(ref _links)) link.Deliver();
    }

    /// <summary>
    /// Lets another replica have the same file; false when it is too late, or none of the present ones keeps the stream
    /// since.
    /// </summary>
    public bool TryJoin(ReplicaLink link)
    {
        using (_service.Replicas.Membership.Enter())
        {
            if (_closed || _position is not { } position || link.State != ReplicaState.WaitSnapshotStart) return false;
            using var moment = link.RdbOnly ? null : CursorOfTheMoment();
            if (moment is null && !link.RdbOnly) return false;
            link.IsStreamedSnapshot = false;
            link.State = ReplicaState.WaitSnapshotEnd;
            _service.SetUpFullSync(link, position, moment);
            Volatile.Write(ref _links, [.. _links, link]);
        }

        link.Deliver();
        return true;
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation)
    {
        LockOrder.AssertMayBlock("writing a snapshot's file");
        cancellation.ThrowIfCancellationRequested();
        if (!Array.Exists(Volatile.Read(ref _links), link => link.State == ReplicaState.WaitSnapshotEnd))
            throw new IOException("no replica is left");
        try
        {
            _file.Write(bytes);
        }
        catch (UnauthorizedAccessException problem)
        {
            throw new IOException(SystemErrors.Explain(problem), problem);
        }
    }

    /// <inheritdoc/>
    public void Complete(CancellationToken cancellation)
    {
        _file.Flush();
        using (_service.Replicas.Membership.Enter()) _closed = true;
        if (new Thread(Send) { IsBackground = true, Name = "rdb-sender" }.TryStart()) return;
        throw new IOException("no thread is left to send the file");
    }

    /// <inheritdoc/>
    public void Abandon()
    {
        using (_service.Replicas.Membership.Enter()) _closed = true;
        if (_links.Length > 0) ReplicationMessages.SnapshotFailed(_logger);
        foreach (var link in _links) _service.Drop(link);
        TemporaryFile.Delete(_file, _logger);
    }

    /// <summary>
    /// As long as replicas may join none is sent the stream: a cursor of any of them stands where the snapshot does.
    /// Null when none has one.
    /// </summary>
    private LogCursor? CursorOfTheMoment()
    {
        foreach (var link in _links)
        {
            if (link.CloneCursor() is { } cursor) return cursor;
        }

        return null;
    }

    /// <summary>Sends the file to the end, or until the last replica has gone. On a thread of its own.</summary>
    internal void Send()
    {
        try
        {
            SendToAll(_file.Length);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            ReplicationMessages.ReadErrorSendingFile(_logger, SystemErrors.Explain(failure));
            foreach (var link in _links)
            {
                if (link.State == ReplicaState.SendBulk) _service.Drop(link);
            }
        }
        finally
        {
            TemporaryFile.Delete(_file, _logger);
        }
    }

    private void SendToAll(long length)
    {
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${length}\r\n"));
        var sent = new long[_links.Length];
        foreach (var link in _links)
        {
            using (_service.Replicas.Membership.Enter())
            {
                if (link.State != ReplicaState.WaitSnapshotEnd) continue;
                link.Room = _room;
                link.State = ReplicaState.SendBulk;
            }

            link.Push(head);
        }

        var buffer = new byte[Piece];
        while (true)
        {
            _room.Expect();
            var open = 0;
            var moved = false;
            for (var i = 0; i < sent.Length; i++)
            {
                var link = _links[i];
                if (link.State != ReplicaState.SendBulk) continue;
                open++;

                // The stream's limits begin when the file has gone.
                var mayMove = sent[i] == length ? link.Transport.PendingBytes == 0 : link.HasRoom;
                if (!mayMove)
                {
                    link.NoteStuck(_service.Basics.SteadyMilliseconds);
                    continue;
                }

                link.NoteUnstuck();
                if (sent[i] == length) Finish(link);
                else sent[i] += SendPiece(link, buffer, sent[i]);
                moved = true;
            }

            if (open == 0) return;
            if (!moved) _room.Wait(CancellationToken.None);
        }
    }

    private int SendPiece(ReplicaLink link, byte[] buffer, long from)
    {
        LockOrder.AssertMayBlock("reading a snapshot's file");
        var count = RandomAccess.Read(_file.SafeFileHandle, buffer, from);
        if (count == 0) throw new IOException("premature EOF");
        link.Push(buffer.AsSpan(0, count));
        return count;
    }

    private void Finish(ReplicaLink link)
    {
        link.Room = null;
        if (link.RdbOnly)
        {
            link.State = ReplicaState.Transmitted;
            ReplicationMessages.RdbOnlyTransferred(_logger, link.Name);
            link.Transport.CloseAfterOutput();
            return;
        }

        _service.PutOnline(link);
        link.StartStream();
    }
}
