using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace Starling.Slots.Keyspace;

/// <summary>Visiting the entries of a slot's table by position; see <see cref="SlotTable"/>.</summary>
internal static unsafe class TableScan
{
    /// <summary>One past the last position.</summary>
    public const ulong End = 1UL << SlotTable.PositionBits;

    private const int EmptyBucketsPerCall = 64;
    private const int ReadAhead = 48; // bytes of an entry behind its first that are most often all

    /// <summary>
    /// Visits the buckets from a position on until there was an entry, or many buckets without one; returns where to go
    /// on.
    /// </summary>
    public static ulong VisitSome<TVisitor>(TableNode* root, ulong from, ref TVisitor visitor)
        where TVisitor : IEntryVisitor, allows ref struct
    {
        for (var tries = 0; tries < EmptyBucketsPerCall && from < End; tries++)
        {
            var place = SlotTable.Locate(root, from << (64 - SlotTable.PositionBits));
            uint buckets = place.Leaf->Buckets;
            if (buckets == 0)
            {
                from = place.Start(from) + place.Width;
                continue;
            }

            var home = HomeOf(place, from);
            var visited = VisitBucket(place, home, default, ref visitor);
            var rest = SlotTable.WindowBits - place.Bits;
            var windowEnd = (((ulong)(home + 1) << rest) + buckets - 1) / buckets;
            from = place.Start(from) + (windowEnd << (SlotTable.PositionBits - SlotTable.WindowBits - place.Offset));
            if (visited) break;
        }

        return from;
    }

    /// <summary>Visits the entries whose position is in a range, and no others.</summary>
    public static void VisitRange<TVisitor>(
        in KeyHash hash, TableNode* root, ulong from, ulong end, ref TVisitor visitor)
        where TVisitor : IEntryVisitor, allows ref struct
    {
        while (from < end)
        {
            var place = SlotTable.Locate(root, from << (64 - SlotTable.PositionBits));
            var leafEnd = place.Start(from) + place.Width;
            var rangeEnd = Math.Min(end, leafEnd);
            if (place.Leaf->Buckets > 0)
            {
                var first = HomeOf(place, from);
                var last = HomeOf(place, rangeEnd - 1);
                PrefetchEntries(place.Leaf, first, last);
                for (var home = first; home <= last; home++)
                    VisitBucket(place, home, new Range(hash, place, from, rangeEnd), ref visitor);
            }

            from = leafEnd;
        }
    }

    /// <summary>Visits every entry of the leaf that covers a position; returns where the next leaf starts.</summary>
    public static ulong VisitLeaf<TVisitor>(TableNode* root, ulong from, ref TVisitor visitor)
        where TVisitor : IEntryVisitor, allows ref struct
    {
        var place = SlotTable.Locate(root, from << (64 - SlotTable.PositionBits));
        for (var leaf = place.Leaf; leaf != null; leaf = TableNode.Next(leaf))
        {
            for (var i = 0u; i < leaf->Buckets; i++)
            {
                var bucket = TableNode.Bucket(leaf, i);
                for (var j = 1; j < TableNode.BucketWords; j++)
                    if (bucket[j] != 0) visitor.Visit(new Entry(SlotTable.Address(bucket[j])));
            }
        }

        return place.Start(from) + place.Width;
    }

    /// <summary>
    /// Visits every entry with an expiry of the leaf that covers a position; returns where the next leaf starts. Entries
    /// without an expiry are not read.
    /// </summary>
    public static ulong VisitExpiring<TVisitor>(TableNode* root, ulong from, ref TVisitor visitor)
        where TVisitor : IEntryVisitor, allows ref struct
    {
        var place = SlotTable.Locate(root, from << (64 - SlotTable.PositionBits));
        for (var leaf = place.Leaf; leaf != null; leaf = TableNode.Next(leaf))
        {
            // The entries of a leaf lie anywhere: all are asked for before the first is read.
            PrefetchExpiring(leaf);
            for (var i = 0u; i < leaf->Buckets; i++)
            {
                var bucket = TableNode.Bucket(leaf, i);
                for (var marks = SlotTable.Expiring(*bucket); marks != 0; marks &= marks - 1)
                    visitor.Visit(new Entry(SlotTable.Address(bucket[1 + (BitOperations.TrailingZeroCount(marks) >> 3)])));
            }
        }

        return place.Start(from) + place.Width;
    }

    private static void PrefetchExpiring(TableNode* leaf)
    {
        if (!Sse.IsSupported) return;
        for (var i = 0u; i < leaf->Buckets; i++) Sse.Prefetch0(TableNode.Bucket(leaf, i));
        for (var i = 0u; i < leaf->Buckets; i++)
        {
            var bucket = TableNode.Bucket(leaf, i);
            for (var marks = SlotTable.Expiring(*bucket); marks != 0; marks &= marks - 1)
                Sse.Prefetch0(SlotTable.Address(bucket[1 + (BitOperations.TrailingZeroCount(marks) >> 3)]));
        }
    }

    /// <summary>The entry of a number in 0..count-1, in no particular order.</summary>
    public static byte* Pick(TableNode* root, uint number)
    {
        var node = root;
        while (node->FanoutBits != 0)
        {
            node = node->Children;
            while (number >= node->Count) number -= (node++)->Count;
        }

        for (var i = 0u; ; i++)
        {
            if (i == node->Buckets)
            {
                node = TableNode.Next(node);
                i = 0;
            }

            var bucket = TableNode.Bucket(node, i);
            var used = TableNode.BucketEntries - BitOperations.PopCount(SlotTable.Matches(*bucket, 0));
            if (number >= used)
            {
                number -= (uint)used;
                continue;
            }

            for (var j = 1; ; j++)
                if (bucket[j] != 0 && number-- == 0) return SlotTable.Address(bucket[j]);
        }
    }

    /// <summary>Loads the bucket of a hash into the cache.</summary>
    public static void PrefetchBucket(TableNode* root, ulong hash)
    {
        var place = SlotTable.Locate(root, hash);
        if (place.Leaf->Buckets > 0) Sse.Prefetch0(HomeBucket(place, hash));
    }

    /// <summary>Loads the entries that may be the one of a hash into the cache; returns one of them, or null.</summary>
    public static byte* PrefetchEntry(TableNode* root, ulong hash)
    {
        byte* entry = null;
        var place = SlotTable.Locate(root, hash);
        if (place.Leaf->Buckets == 0) return entry;
        var bucket = HomeBucket(place, hash);
        var window = SlotTable.Window(hash, place.Offset);
        for (var j = 1; j < TableNode.BucketWords; j++)
        {
            if (bucket[j] >> SlotTable.PositionBits != window) continue;
            entry = SlotTable.Address(bucket[j]);
            Sse.Prefetch0(entry);
            Sse.Prefetch0(entry + 64);
        }

        return entry;
    }

    /// <summary>Loads the first cache lines of a value that does not lie in its entry.</summary>
    public static void PrefetchValue(byte* entry)
    {
        if (entry == null || !EntryBlock.Has(entry, EntryBlock.HasRoot)) return;
        var block = EntryBlock.Root(entry)->Address;
        Sse.Prefetch0(block);
        Sse.Prefetch0(block + 64);
    }

    /// <summary>
    /// Asks for the entries of some buckets together: they lie anywhere, and who reads one after the other would wait for the
    /// memory as often. Two lines each, for those that do not begin with one; what has overflowed is not looked for.
    /// </summary>
    private static void PrefetchEntries(TableNode* leaf, uint first, uint last)
    {
        if (!Sse.IsSupported) return;
        for (var i = first; i <= last; i++)
        {
            var bucket = TableNode.Bucket(leaf, i);
            for (var j = 1; j < TableNode.BucketWords; j++)
            {
                if (bucket[j] == 0) continue;
                var entry = SlotTable.Address(bucket[j]);
                Sse.Prefetch0(entry);
                Sse.Prefetch0(entry + ReadAhead);
            }
        }
    }

    private static ulong* HomeBucket(in TablePlace place, ulong hash) =>
        TableNode.Bucket(
            place.Leaf, SlotTable.Home(SlotTable.Window(hash, place.Offset), place.Bits, place.Leaf->Buckets));

    private static uint HomeOf(in TablePlace place, ulong position) =>
        SlotTable.Home(
            SlotTable.Window(position << (64 - SlotTable.PositionBits), place.Offset), place.Bits, place.Leaf->Buckets);

    /// <summary>
    /// Visits the entries of a range whose bucket this is, those that overflowed into the following buckets included.
    /// </summary>
    private static bool VisitBucket<TVisitor>(in TablePlace place, uint home, in Range range, ref TVisitor visitor)
        where TVisitor : IEntryVisitor, allows ref struct
    {
        var visited = false;
        for (var leaf = place.Leaf; leaf != null; leaf = TableNode.Next(leaf))
            visited |= VisitBucket(leaf, place.Bits, home, range, ref visitor);
        return visited;
    }

    private static bool VisitBucket<TVisitor>(
        TableNode* leaf, int bits, uint home, in Range range, ref TVisitor visitor)
        where TVisitor : IEntryVisitor, allows ref struct
    {
        uint buckets = leaf->Buckets;
        var visited = false;
        var at = home;
        do
        {
            var bucket = TableNode.Bucket(leaf, at);
            for (var j = 1; j < TableNode.BucketWords; j++)
            {
                var reference = bucket[j];
                if (reference == 0) continue;
                if (SlotTable.Home((uint)(reference >> SlotTable.PositionBits), bits, buckets) != home) continue;
                if (!range.Covers(reference)) continue;
                visited = true;
                visitor.Visit(new Entry(SlotTable.Address(reference)));
            }

            if (SlotTable.Overflow(*bucket) == 0) break;
            if (++at == buckets) at = 0;
        }
        while (at != home);
        return visited;
    }

    /// <summary>A range of positions within a leaf; the default value covers everything.</summary>
    private readonly struct Range
    {
        private readonly KeyHash _hash;
        private readonly ulong _from;
        private readonly ulong _end;
        private readonly ulong _prefix;
        private readonly int _shift;

        public Range(in KeyHash hash, in TablePlace place, ulong from, ulong end)
        {
            _hash = hash;
            _from = from;
            _end = end;
            _shift = SlotTable.PositionBits - SlotTable.WindowBits - place.Offset;
            _prefix = from & ~((1UL << (SlotTable.PositionBits - place.Offset)) - 1);
        }

        /// <summary>Judged by the window alone where that decides it, else by the key's hash.</summary>
        public bool Covers(ulong reference)
        {
            if (_end == 0) return true;
            var lowest = _prefix | (reference >> SlotTable.PositionBits << _shift);
            var highest = lowest + ((1UL << _shift) - 1);
            if (lowest >= _from && highest < _end) return true;
            if (highest < _from || lowest >= _end) return false;
            var key = EntryBlock.Key(SlotTable.Address(reference));
            var position = _hash.Of(key) >> (64 - SlotTable.PositionBits);
            return position >= _from && position < _end;
        }
    }
}
