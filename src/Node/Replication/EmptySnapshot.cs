using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node.Execution;
using Starling.Node.Persistence;

namespace Starling.Node.Replication;

/// <summary>
/// The snapshot of a replica that asked for one without the data (REPLCONF rdb-filter-only): an RDB file with its header and, if it
/// wants them, the libraries of functions, whatever the keyspace holds. redis-cli --replica follows the stream with it, --functions-rdb
/// wants the libraries.
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
        ReplicationPosition position;
        IReadOnlyList<byte[]> libraries;
        using (service.Executor.Open(LockPlan.All))
        {
            using (service.Replicas.Membership.Enter())
            {
                if (link.State != ReplicaState.WaitSnapshotStart) return;
                libraries = link.ExcludesFunctions ? [] : service.Persistence.Libraries?.Codes ?? [];
                link.State = ReplicaState.SendBulk;
                (position, var moment) = service.BeginFullSync();
                using (moment) service.SetUpFullSync(link, position, moment);
            }
        }

        var file = Write(service.Basics, libraries, position);
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

    private static byte[] Write(NodeBasics basics, IReadOnlyList<byte[]> libraries, ReplicationPosition? position)
    {
        var snapshot = new EmptySnapshot();
        var writer = new RdbWriter(snapshot, basics.Config.RdbCompression, basics.Config.RdbChecksum);
        writer.Begin();
        writer.StandardFields(basics.NowMilliseconds, usedMemory: 0, position);
        foreach (var code in libraries) writer.Function(code);
        writer.End();
        return snapshot._bytes.ToArray();
    }
}
