using System.Text;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

public sealed class ScanTests
{
    private static readonly int Slot = HashSlot.Of("s"u8);

    [Fact]
    public void A_scan_meets_every_entry_that_stays_whatever_else_comes_and_goes() =>
        Operations.Check(25, 40, operations =>
        {
            using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 77 });
            var database = keyspace[0];
            var stays = operations.Length == 0 ? 10 : (int)(operations[0] % 700);
            for (var i = 0; i < stays; i++) Set(keyspace, "{s}stay" + i);
            var seen = new Collector();
            var cursor = 0UL;
            var at = 0;
            var steps = 0;
            do
            {
                cursor = database.ScanSlot(Slot, cursor, ref seen);
                Assert.InRange(cursor, 0UL, 1UL << 48);
                Assert.InRange(++steps, 0, 100_000);
                if (at >= operations.Length) continue;

                // A wave of keys comes or goes, so that the table changes its shape in mid-scan.
                var wave = operations[at++];
                for (var i = 0; i < wave % 1500; i++)
                {
                    if ((wave & 0x10000) != 0) Set(keyspace, "{s}wave" + (i + (wave >> 20)));
                    else database.Remove(keyspace.Key(Bytes("{s}wave" + (i + (wave >> 20)))));
                }
            }
            while (cursor != 0);
            for (var i = 0; i < stays; i++) Assert.Contains("{s}stay" + i, seen.Names);
        });

    [Fact]
    public void A_scan_of_a_table_at_rest_meets_every_entry_exactly_once()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 78 });
        foreach (var count in (int[])[0, 1, 5, 8, 61, 200, 5000, 14_000])
        {
            while (keyspace[0].Count < count) Set(keyspace, "{s}" + keyspace[0].Count);
            var seen = new Collector();
            var cursor = 0UL;
            do cursor = keyspace[0].ScanSlot(Slot, cursor, ref seen);
            while (cursor != 0);
            Assert.Equal(count, seen.Names.Count);
            Assert.Equal(count, seen.Visits[0]);
        }
    }

    [Fact]
    public void Any_cursor_is_safe_and_leads_to_the_end()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 79 });
        for (var i = 0; i < 1000; i++) Set(keyspace, "{s}" + i);
        var random = new Random(1);
        for (var i = 0; i < 500; i++)
        {
            var cursor = i == 0 ? ulong.MaxValue : (ulong)random.NextInt64();
            var seen = new Collector();
            for (var steps = 0; (cursor = keyspace[0].ScanSlot(Slot, cursor, ref seen)) != 0; steps++)
                Assert.True(steps < 2000);
        }
    }

    private static void Set(Keyspace.Keyspace keyspace, string name) =>
        keyspace[0].SetString(keyspace.Key(Bytes(name)), "v"u8, Entry.NoExpiry, 0);

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private readonly struct Collector : IEntryVisitor
    {
        public Collector()
        {
        }

        public HashSet<string> Names { get; } = [];

        public int[] Visits { get; } = new int[1];

        public void Visit(in Entry entry)
        {
            Names.Add(Encoding.ASCII.GetString(entry.Key));
            Visits[0]++;
        }
    }
}
