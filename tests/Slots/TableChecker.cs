using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

/// <summary>Checks the structure of a slot's table: counts, places, overflow counts.</summary>
internal static unsafe class TableChecker
{
    public static void Check(Keyspace.Keyspace keyspace, Database database, int slot)
    {
        var root = database.Tables == null ? null : database.Tables.Root(slot);
        if (root != null) CheckNode(keyspace, root, 0, 0, -1);
    }

    private static void CheckNode(Keyspace.Keyspace keyspace, TableNode* node, int offset, int bits, int index)
    {
        if (node->FanoutBits == 0)
        {
            var own = CheckLeaf(keyspace, node, offset, bits, index);
            if (TableNode.Next(node) == null)
            {
                Assert.Equal(node->Count, own);
                return;
            }

            Assert.Equal((uint)SlotTable.Limit(TableNode.MaxBuckets), own);
            CheckNode(keyspace, TableNode.Next(node), offset, bits, index);
            Assert.Equal(node->Count, own + TableNode.Next(node)->Count);
            return;
        }

        var sum = 0u;
        var below = index < 0 ? 0 : offset + SlotTable.MaxFanoutBits;
        for (var i = 0; i < 1 << node->FanoutBits; i++)
        {
            CheckNode(keyspace, node->Children + i, below, node->FanoutBits, i);
            sum += node->Children[i].Count;
        }

        Assert.Equal(node->Count, sum);
    }

    private static uint CheckLeaf(Keyspace.Keyspace keyspace, TableNode* leaf, int offset, int bits, int index)
    {
        var count = 0u;
        var overflow = new int[leaf->Buckets];
        for (var i = 0u; i < leaf->Buckets; i++)
        {
            var bucket = TableNode.Bucket(leaf, i);
            for (var j = 0; j < TableNode.BucketEntries; j++)
            {
                var reference = bucket[j + 1];
                var tag = (byte)(bucket[0] >> (j * 8));
                Assert.Equal(reference == 0, tag == 0);
                if (reference == 0) continue;
                count++;
                var hash = keyspace.Key(EntryBlock.Key(SlotTable.Address(reference))).Hash;
                var hasExpiry = EntryBlock.Has(SlotTable.Address(reference), EntryBlock.HasExpiry);
                Assert.Equal(SlotTable.Tag(hash) | (hasExpiry ? SlotTable.HasExpiry : 0), tag);
                Assert.Equal(SlotTable.Window(hash, offset), (uint)(reference >> 48));
                if (index >= 0) Assert.Equal((ulong)index, hash << offset >> (64 - bits));
                var home = SlotTable.Home((uint)(reference >> 48), bits, leaf->Buckets);
                for (var at = home; at != i; at = (at + 1) % leaf->Buckets) overflow[at]++;
            }
        }

        for (var i = 0u; i < leaf->Buckets; i++)
            Assert.Equal(overflow[i], SlotTable.Overflow(*TableNode.Bucket(leaf, i)));
        Assert.True(count <= SlotTable.Limit(leaf->Buckets) || leaf->Buckets == TableNode.MaxBuckets);
        return count;
    }
}
