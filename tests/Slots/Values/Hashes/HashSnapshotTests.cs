using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values.Hashes;

using Contents = Dictionary<string, Dictionary<string, (string Value, long ExpiresAt)>>;

public sealed class HashSnapshotTests
{
    [Theory]
    [InlineData(512)]
    [InlineData(20)]
    public void Every_snapshot_gets_the_hashes_of_its_start_under_every_interleaving(long entries) =>
        Operations.Check(25, 500, operations =>
        {
            using var model = new HashModel(new ValueOptions { HashMaxListpackEntries = entries });
            model.Fill("{h}a", 1500);
            if (operations.Length % 2 == 0) model.Fill("{h}b", 300);
            var running = new List<(Snapshot Snapshot, SavedHashes Saved, Contents Expected)>();
            foreach (var operation in operations)
            {
                var random = new Random((int)(operation >> 4));
                switch (operation % 16)
                {
                    case 0 when running.Count < 3:
                        using (model.Keyspace.LockAll())
                            running.Add((model.Keyspace.StartSnapshot(), new SavedHashes(), model.CopyAll()));
                        break;
                    case 1 when running.Count > 0:
                        var some = running[random.Next(running.Count)].Snapshot;
                        for (var i = random.Next(6); i > 0; i--) some.Advance();
                        break;
                    case 2 when running.Count > 0:
                        var (snapshot, saved, _) = running[random.Next(running.Count)];
                        snapshot.Deliver(saved);
                        break;
                    case 3 when running.Count > 0 && random.Next(3) == 0:
                        Finish(running[0]);
                        running.RemoveAt(0);
                        break;
                    case 3 when running.Count > 0 && random.Next(6) == 0:
                        running[^1].Snapshot.Dispose();
                        running.RemoveAt(running.Count - 1);
                        break;
                    case 4:
                        model.Keyspace.Freeing.FreeSome();
                        break;
                    default:
                        model.Change(random, 1600);
                        break;
                }
            }

            foreach (var each in running) Finish(each);
            model.Verify();
        });

    private static void Finish((Snapshot Snapshot, SavedHashes Saved, Contents Expected) running)
    {
        while (running.Snapshot.Advance())
        {
        }

        running.Snapshot.Deliver(running.Saved);
        running.Snapshot.Dispose();
        Assert.Equal(running.Expected.Count, running.Saved.Count);
        foreach (var (name, fields) in running.Expected) Assert.Equal(fields, running.Saved.Read(name));
    }
}
