using System.Globalization;
using System.Text;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

/// <summary>Keyspaces whose hash has few bits: what happens when somebody makes keys collide.</summary>
public sealed unsafe class CollisionTests
{
    private static readonly int Slot = HashSlot.Of("c"u8);

    /// <summary>No bit at all; two at the top, at the bottom, in the middle; all windows alike; all tags alike.</summary>
    private static readonly ulong[] Masks =
        [0, 3UL << 62, 6, 1UL << 40 | 1UL << 20, 0xFF, 0x000F_0000_0000_0000, 0x0000_000F_FFFF_F000];

    [Fact]
    public void Any_number_of_colliding_keys_can_be_set_found_and_deleted()
    {
        foreach (var mask in Masks)
        {
            using var keyspace = Make(mask);
            var names = Enumerable.Range(0, 2000).Select(Name).ToArray();
            foreach (var name in names) Set(keyspace, name);
            var empty = keyspace.UsedBytes;
            TableChecker.Check(keyspace, keyspace[0], Slot);
            Assert.All(names, name => Assert.True(Has(keyspace, name)));
            Assert.False(Has(keyspace, "{c}another"));
            new Random(4).Shuffle(names);
            foreach (var name in names) Assert.True(keyspace[0].Remove(keyspace.Key(Bytes(name))));
            Assert.Equal(0, keyspace[0].CountInSlot(Slot));
            Assert.InRange(keyspace.UsedBytes, 0, empty - (2000 * 24));
            TableChecker.Check(keyspace, keyspace[0], Slot);
        }
    }

    [Fact]
    public void A_table_of_colliding_keys_agrees_with_a_dictionary() =>
        Operations.Check(30, 40, operations =>
        {
            using var keyspace = Make(Masks[operations.Length % Masks.Length]);
            var database = keyspace[0];
            var model = new Dictionary<string, string>();
            foreach (var operation in operations)
            {
                Wave(keyspace, model, operation);
                TableChecker.Check(keyspace, database, Slot);
                Assert.Equal(model.Count, database.Count);
            }

            foreach (var (name, value) in model)
            {
                Assert.True(database.TryFind(keyspace.Key(Bytes(name)), out var entry));
                Assert.Equal(value, Encoding.ASCII.GetString(entry.String));
            }

            AssertVisitsEach(keyspace, model.Keys);
        });

    [Fact]
    public void A_scan_meets_every_colliding_key_that_stays_whatever_else_comes_and_goes() =>
        Operations.Check(20, 25, operations =>
        {
            using var keyspace = Make(Masks[operations.Length % Masks.Length]);
            var model = new Dictionary<string, string>();
            var stays = Enumerable.Range(100_000, 500).Select(Name).ToArray();
            foreach (var name in stays) Set(keyspace, name);
            var seen = new Collector();
            var cursor = 0UL;
            var at = 0;
            do
            {
                cursor = keyspace[0].ScanSlot(Slot, cursor, ref seen);
                if (at < operations.Length) Wave(keyspace, model, operations[at++] & ~7u);
            }
            while (cursor != 0);
            Assert.All(stays, name => Assert.Contains(name, seen.Names));
        });

    [Fact]
    public void An_expiry_scan_and_a_clearing_reach_every_colliding_key()
    {
        foreach (var mask in Masks)
        {
            using var keyspace = Make(mask);
            var database = keyspace[0];
            for (var i = 0; i < 900; i++) database.SetString(keyspace.Key(Bytes(Name(i))), "v"u8, 1000 + i, 0);
            var scan = default(ExpiryScan);
            var seen = new Collector();
            while (database.ScanExpiring(Slot, ref scan, ref seen))
            {
            }

            Assert.Equal(900, seen.Names.Distinct().Count());
            Assert.Equal(1000, database.EarliestExpiryInSlot(Slot));
            Assert.Equal(900, database.ClearSlot(Slot));
            Assert.False(Has(keyspace, Name(5)));
            Set(keyspace, Name(5));
            Assert.True(Has(keyspace, Name(5)));
        }
    }

    private static void Wave(Keyspace.Keyspace keyspace, Dictionary<string, string> model, uint operation)
    {
        if (operation % 16 == 7)
        {
            Assert.Equal(model.Count, keyspace[0].ClearSlot(Slot));
            model.Clear();
            return;
        }

        var first = (int)(operation >> 20) % 500;
        for (var i = 0; i < operation % 700; i++)
        {
            var name = Name(first + i);
            if ((operation & 0x10000) != 0)
            {
                var value = (operation + i).ToString(CultureInfo.InvariantCulture);
                keyspace[0].SetString(keyspace.Key(Bytes(name)), Bytes(value), Entry.NoExpiry, 0);
                model[name] = value;
            }
            else
            {
                Assert.Equal(model.Remove(name), keyspace[0].Remove(keyspace.Key(Bytes(name))));
            }
        }
    }

    /// <summary>Scanning, picking and visiting by parts (as a snapshot does) meet each key exactly once.</summary>
    private static void AssertVisitsEach(Keyspace.Keyspace keyspace, IReadOnlyCollection<string> names)
    {
        var database = keyspace[0];
        var scanned = new Collector();
        var cursor = 0UL;
        do cursor = database.ScanSlot(Slot, cursor, ref scanned);
        while (cursor != 0);
        Assert.Equal(names.Order(StringComparer.Ordinal), scanned.Names.Order(StringComparer.Ordinal));

        var picked = new HashSet<string>();
        for (var i = 0UL; i < (ulong)names.Count; i++)
        {
            Assert.True(database.TryPick(Slot, i, out var entry));
            Assert.True(picked.Add(Encoding.ASCII.GetString(entry.Key)));
        }

        if (database.Tables is not { } tables) return;
        var visited = new Collector();
        const int parts = 64;
        for (var part = 0UL; part < parts; part++)
        {
            TableScan.VisitRange(
                tables.Hash, tables.Root(Slot), part * (TableScan.End / parts), (part + 1) * (TableScan.End / parts),
                ref visited);
        }

        Assert.Equal(names.Order(StringComparer.Ordinal), visited.Names.Order(StringComparer.Ordinal));
    }

    private static Keyspace.Keyspace Make(ulong mask) => new(new KeyspaceOptions { HashSeed = 7, HashMask = mask });

    private static string Name(int number) => "{c}" + number.ToString(CultureInfo.InvariantCulture);

    private static void Set(Keyspace.Keyspace keyspace, string name) =>
        keyspace[0].SetString(keyspace.Key(Bytes(name)), "v"u8, Entry.NoExpiry, 0);

    private static bool Has(Keyspace.Keyspace keyspace, string name) =>
        keyspace[0].TryFind(keyspace.Key(Bytes(name)), out _);

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private readonly struct Collector : IEntryVisitor
    {
        public Collector()
        {
        }

        public List<string> Names { get; } = [];

        public void Visit(in Entry entry) => Names.Add(Encoding.ASCII.GetString(entry.Key));
    }
}
