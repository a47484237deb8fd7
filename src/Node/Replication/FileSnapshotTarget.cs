using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node.Persistence;

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

    // Under the replica set's membership lock from Begin to Complete; then the sender's own.
    private readonly List<ReplicaLink> _links = [];
    private ReplicationPosition? _position;
    private bool _closed;

    /// <summary>Makes the file in <c>dir</c>.</summary>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public FileSnapshotTarget(ReplicationService service, FullSynchronizer synchronizer, ILogger logger)
    {
        _service = service;
        _synchronizer = synchronizer;
        _logger = logger;
        _file = TemporaryFile.Create(service.Server);
    }

    /// <summary>The snapshot's moment, under every stripe.</summary>
    public ReplicationPosition? Begin()
    {
        var position = _service.BeginFullSync();
        _position = position;
        _links.AddRange(_synchronizer.Claim(
            streamed: false,
            link => _service.SetUpFullSync(link, position, cursor: null)));
        return position;
    }

    /// <summary>
    /// Lets another replica have the same file; false when it is too late, or none of the present ones keeps the stream
    /// since.
    /// </summary>
    public bool TryJoin(ReplicaLink link)
    {
        lock (_service.Replicas.Membership)
        {
            if (_closed || _position is not { } position || link.State != ReplicaState.WaitSnapshotStart) return false;
            LogCursor? cursor = null;
            if (!link.RdbOnly)
            {
                foreach (var other in _links)
                {
                    cursor = other.CloneCursor();
                    if (cursor is not null) break;
                }

                if (cursor is null) return false;
            }

            link.State = ReplicaState.WaitSnapshotEnd;
            link.IsStreamedSnapshot = false;
            _service.SetUpFullSync(link, position, cursor);
            _links.Add(link);
            return true;
        }
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        foreach (var link in _links)
        {
            if (link.State != ReplicaState.WaitSnapshotEnd) continue;
            _file.Write(bytes);
            return;
        }

        throw new IOException("no replica is left");
    }

    /// <inheritdoc/>
    public void Complete(CancellationToken cancellation)
    {
        _file.Flush();
        lock (_service.Replicas.Membership) _closed = true;
        if (new Thread(Send) { IsBackground = true, Name = "rdb-sender" }.TryStart()) return;
        throw new IOException("no thread is left to send the file");
    }

    /// <inheritdoc/>
    public void Abandon()
    {
        lock (_service.Replicas.Membership) _closed = true;
        ReplicationMessages.SnapshotFailed(_logger);
        foreach (var link in _links) _service.Drop(link);
        TemporaryFile.Delete(_file);
    }

    private void Send()
    {
        try
        {
            SendToAll(_file.Length);
        }
        catch (IOException failure)
        {
            ReplicationMessages.ReadErrorSendingFile(_logger, failure.Message);
            foreach (var link in _links)
            {
                if (link.State == ReplicaState.SendBulk) _service.Drop(link);
            }
        }
        finally
        {
            TemporaryFile.Delete(_file);
        }
    }

    private void SendToAll(long length)
    {
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${length}\r\n"));
        var sent = new long[_links.Count];
        foreach (var link in _links)
        {
            lock (_service.Replicas.Membership)
            {
                if (link.State != ReplicaState.WaitSnapshotEnd) continue;
                link.State = ReplicaState.SendBulk;
                link.Transport.Push(head);
            }
        }

        var buffer = new byte[Piece];
        var movedAt = _service.Server.NowMilliseconds;
        while (true)
        {
            var open = 0;
            var moved = false;
            for (var i = 0; i < sent.Length; i++)
            {
                var link = _links[i];
                if (link.State != ReplicaState.SendBulk) continue;
                open++;
                if (link.Transport.PendingBytes >= ReplicaLink.HighWater) continue;
                sent[i] += SendPiece(link, buffer, sent[i]);
                moved = true;
                if (sent[i] == length) Finish(link);
            }

            if (open == 0) return;
            if (moved) movedAt = _service.Server.NowMilliseconds;
            else if (_service.Server.NowMilliseconds - movedAt > _service.Server.Config.ReplTimeout * 1000L) DropStuck();
            else Thread.Sleep(1);
        }
    }

    private void DropStuck()
    {
        foreach (var link in _links)
        {
            if (link.State != ReplicaState.SendBulk) continue;
            ReplicationMessages.TimedOutFullSync(_logger, link.Name);
            _service.Drop(link);
        }
    }

    private int SendPiece(ReplicaLink link, byte[] buffer, long from)
    {
        var count = RandomAccess.Read(_file.SafeFileHandle, buffer, from);
        if (count == 0) throw new IOException("premature EOF");
        link.Transport.Push(buffer.AsSpan(0, count));
        return count;
    }

    private void Finish(ReplicaLink link)
    {
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
