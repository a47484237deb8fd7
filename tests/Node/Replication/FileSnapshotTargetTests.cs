using Microsoft.Extensions.Logging.Abstractions;
using Starling.Node.Replication;
using Starling.Node.Tests.Persistence;

namespace Starling.Node.Tests.Replication;

public sealed class FileSnapshotTargetTests
{
    [Fact]
    public void Replicas_may_join_at_any_moment_while_the_file_is_written()
    {
        using var host = new PersistenceHost();
        var replication = host.Server.Replication;
        replication.Log.CreateBacklog();
        for (var round = 0; round < 20; round++)
        {
            var target = new FileSnapshotTarget(replication, replication.Synchronizer, NullLogger.Instance);
            var links = new List<ReplicaLink>();
            for (var i = 0; i < 200; i++) links.Add(Waiting(replication));
            using (host.Server.Keyspace.LockAll()) target.Begin();

            // All but the last are gone: who writes has to look at each of them.
            foreach (var link in links.Take(199)) replication.Drop(link);
            var joining = new Thread(() =>
            {
                for (var i = 0; i < 500; i++) Assert.True(target.TryJoin(Waiting(replication)));
            })
            { IsBackground = true };
            joining.Start();
            while (!joining.Join(0)) target.Write("x"u8, CancellationToken.None);
            target.Abandon();
            Assert.Empty(replication.Replicas.Links);
        }

        Assert.Empty(Directory.GetFiles(host.Folder));
    }

    [Fact]
    public void A_file_that_cannot_be_deleted_is_left_and_ends_nothing()
    {
        using var host = new PersistenceHost();
        var replication = host.Server.Replication;
        replication.Log.CreateBacklog();
        var target = new FileSnapshotTarget(replication, replication.Synchronizer, NullLogger.Instance);
        var link = Waiting(replication);
        using (host.Server.Keyspace.LockAll()) target.Begin();
        target.Write("x"u8, CancellationToken.None);
        Directory.Delete(host.Folder, recursive: true);
        target.Abandon();
        Assert.Equal(ReplicaState.Closed, link.State);
    }

    private static ReplicaLink Waiting(ReplicationService replication)
    {
        var link = new ReplicaLink(new SilentTransport());
        using (replication.Replicas.Membership.Enter())
        {
            replication.Replicas.Add(link);
            link.State = ReplicaState.WaitSnapshotStart;
        }

        return link;
    }
}
