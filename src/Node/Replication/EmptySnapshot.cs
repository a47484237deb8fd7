using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node.Execution;
using Starling.Node.Persistence;

namespace Starling.Node.Replication;

/// <summary>
/// The snapshot of a replica that asked for one without the data (REPLCONF rdb-filter-only): an RDB file with nothing
/// but its header, whatever the keyspace holds. redis-cli --replica follows the stream with it, and --functions-rdb
/// finds that there are no functions.
/// </summary>
internal sealed class EmptySnapshot : IByteSink
{
    private readonly MemoryStream _bytes = new();

    private EmptySnapshot()
    {
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    /// <summary>Sends it to a replica that waits, and the stream from this moment on. Takes every stripe.</summary>
    public static void Serve(ReplicationService service, ReplicaLink link, ILogger logger)
    {
        var server = service.Server;
        ReplicationPosition position;
        using (server.Executor.Open(LockPlan.All))
        {
            using (service.Replicas.Membership.Enter())
            {
                if (link.State != ReplicaState.WaitSnapshotStart) return;
                link.State = ReplicaState.SendBulk;
                (position, var moment) = service.BeginFullSync();
                using (moment) service.SetUpFullSync(link, position, moment);
            }
        }

        var file = Write(server.NowMilliseconds, server.Config.RdbChecksum, position);
        link.Push(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${file.Length}\r\n")));
        link.Push(file);
        if (link.RdbOnly)
        {
            link.State = ReplicaState.Transmitted;
            ReplicationMessages.RdbOnlyTransferred(logger, link.Name);
            link.Transport.CloseAfterOutput();
            return;
        }

        service.PutOnline(link);
        link.StartStream();
    }

    private static byte[] Write(long now, bool checksum, ReplicationPosition? position)
    {
        var snapshot = new EmptySnapshot();
        var writer = new RdbWriter(snapshot, compression: false, checksum);
        writer.Begin();
        writer.StandardFields(now, usedMemory: 0, position);
        writer.End();
        return snapshot._bytes.ToArray();
    }
}
