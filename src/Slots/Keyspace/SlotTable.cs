using System.Numerics;
using System.Runtime.CompilerServices;

namespace Starling.Slots.Keyspace;

/// <summary>
/// The hash table of one slot: finding, inserting, removing. An entry's place follows from its hash alone and in its
/// order: position = the top 48 bits of the hash, and buckets lie in the order of positions. So a scan's cursor and the
/// parts of a snapshot are ranges of positions and do not care how the table grows or shrinks in between.
/// <para>
/// A table is a leaf while it is small: n buckets (n = 1..32, each a cache line of 7 references) that divide the
/// positions evenly; n follows the number of entries in steps of an eighth, and each step places the leaf's entries
/// anew, without reading them: a reference is an address (48 bits) and a window of 16 hash bits. An entry whose bucket
/// is full goes to the next one; each full bucket that it passed counts it in its overflow byte. The lowest bit of an entry's
/// tag says whether it has an expiry, so that those that do are found without reading the others. A leaf that would need
/// more than 32 buckets becomes a branch of 2 leaves; a branch whose leaf would, doubles its leaves up to 64; then a
/// leaf becomes a branch itself, and the windows of its references move on by 6 bits. So no operation moves more than
/// some thousand references, however large the slot. Where the hash has no more bits to tell entries apart, a leaf is
/// continued by others (<see cref="LeafChain"/>).
/// </para>
/// </summary>
internal static unsafe class SlotTable
{
    /// <summary>Bits of a position.</summary>
    public const int PositionBits = 48;

    /// <summary>The address part of a reference.</summary>
    public const ulong AddressBits = (1UL << 48) - 1;

    /// <summary>Bits of the hash that a reference holds.</summary>
    public const int WindowBits = 16;

    /// <summary>The most bits that choose a child of a branch.</summary>
    public const int MaxFanoutBits = 6;

    private const ulong Ones = 0x0001_0101_0101_0101;
    private const ulong LowBits = 0x007F_7F7F_7F7F_7F7F;
    private const ulong HighBits = 0x0080_8080_8080_8080;
    private const int OverflowShift = 56;

    /// <summary>
    /// The byte that stands for a hash in its bucket, for an entry without an expiry: never 0, which stands for a free
    /// place.
    /// </summary>
    public static byte Tag(ulong hash) => (byte)((hash | 2) & ~(ulong)HasExpiry);

    /// <summary>The bit of a tag that says that the entry has an expiry.</summary>
    public const byte HasExpiry = 1;

    /// <summary>The most entries of a leaf with that many buckets: 6 of 7 places.</summary>
    public static int Limit(int buckets) => buckets == 1 ? TableNode.BucketEntries : buckets * 6;

    /// <summary>The place of a key's reference, or null.</summary>
    public static ulong* Find(TableNode* root, ulong hash, ReadOnlySpan<byte> key)
    {
        TablePlace place;
        if (root->FanoutBits == 0) place = new TablePlace { Leaf = root };
        else place = Locate(root, hash);
        var leaf = place.Leaf;
        uint buckets = leaf->Buckets;
        if (buckets == 0) return null;
        var window = Window(hash, place.Offset);
        var home = Home(window, place.Bits, buckets);
        var pattern = (Tag(hash) * Ones) | Ones;
        do
        {
            var at = home;
            do
            {
                var bucket = TableNode.Bucket(leaf, at);
                var tags = *bucket;
                for (var matches = Matches(tags | Ones, pattern); matches != 0; matches &= matches - 1)
                {
                    var cell = bucket + 1 + (BitOperations.TrailingZeroCount(matches) >> 3);
                    if ((uint)(*cell >> PositionBits) == window && EntryBlock.HasKey(Address(*cell), key)) return cell;
                }

                if (tags >> OverflowShift == 0) break;
                if (++at == buckets) at = 0;
            }
            while (at != home);
            leaf = TableNode.Next(leaf);
        }
        while (leaf != null);
        return null;
    }

    /// <summary>The entry that a reference leads to.</summary>
    public static byte* Address(ulong reference) => (byte*)(reference & AddressBits);

    /// <summary>
    /// Makes a reference lead to another block of the same key, which has an expiry if the old one had one: the old one may
    /// be gone already.
    /// </summary>
    public static void Redirect(ulong* cell, byte* entry) => *cell = *cell & ~AddressBits | (ulong)entry;

    /// <summary>Makes a reference lead to another block of the same key; the old one is still there.</summary>
    public static void Redirect(TableNode* root, in KeyHash hash, ulong* cell, byte* entry)
    {
        var hasExpiry = EntryBlock.Has(entry, EntryBlock.HasExpiry);
        var differs = EntryBlock.Has(Address(*cell), EntryBlock.HasExpiry) != hasExpiry;
        Redirect(cell, entry);
        if (differs) MarkExpiry(root, hash.Of(EntryBlock.Key(entry)), cell);
    }

    /// <summary>Adds an entry whose key is not there.</summary>
    public static void Insert(in TableMemory memory, TableNode* root, ulong hash, byte* entry)
    {
        var place = Locate(root, hash);
        var leaf = place.Leaf;
        while (leaf->Buckets == 0 || leaf->Count >= Limit(leaf->Buckets))
        {
            if (!TableShape.TryGrow(memory, place))
            {
                leaf = LeafChain.AddPlace(memory, leaf);
                break;
            }

            place = Locate(root, hash);
            leaf = place.Leaf;
        }

        var tag = EntryBlock.Has(entry, EntryBlock.HasExpiry) ? (byte)(Tag(hash) | HasExpiry) : Tag(hash);
        Put(leaf, place.Bits, (ulong)entry | (ulong)Window(hash, place.Offset) << PositionBits, tag);
        var node = root;
        for (var offset = 0; ; offset += MaxFanoutBits)
        {
            node->Count++;
            if (node->FanoutBits == 0) return;
            node = Child(node, hash, offset);
        }
    }

    /// <summary>Takes an entry out; its memory stays the caller's.</summary>
    /// <param name="memory">Where the table's memory comes from.</param>
    /// <param name="root">The table.</param>
    /// <param name="hash">The hash of the entry's key.</param>
    /// <param name="cell">What <see cref="Find"/> gave.</param>
    public static void Remove(in TableMemory memory, TableNode* root, ulong hash, ulong* cell)
    {
        var place = Locate(root, hash);
        var isChained = TableNode.Next(place.Leaf) != null;
        var leaf = isChained ? LeafChain.Holder(place.Leaf, cell) : place.Leaf;
        TakeOut(leaf, place.Bits, cell);
        if (isChained) LeafChain.RemovePlace(memory, place, leaf);
        var node = root;
        for (var offset = 0; ; offset += MaxFanoutBits)
        {
            node->Count--;
            if (node->FanoutBits == 0) break;
            node = Child(node, hash, offset);
        }

        TableShape.Shrink(memory, place);
        if (root->Count == 0) TableShape.Free(memory, root, entries: false);
    }

    /// <summary>The leaf that covers a hash.</summary>
    public static TablePlace Locate(TableNode* root, ulong hash)
    {
        var place = new TablePlace { Leaf = root };
        for (var offset = 0; place.Leaf->FanoutBits != 0; offset += MaxFanoutBits)
        {
            place.Parent = place.Leaf;
            place.Offset = offset;
            place.Bits = place.Parent->FanoutBits;
            place.Leaf = Child(place.Parent, hash, offset);
        }

        return place;
    }

    /// <summary>16 bits of a hash.</summary>
    public static uint Window(ulong hash, int offset) => (uint)(hash << offset >> PositionBits);

    /// <summary>The bucket of a window in a leaf.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Home(uint window, int bits, uint buckets)
    {
        var rest = WindowBits - bits;
        return ((window & ((1u << rest) - 1)) * buckets) >> rest;
    }

    /// <summary>Puts a reference into a leaf that has room.</summary>
    public static void Put(TableNode* leaf, int bits, ulong reference, byte tag)
    {
        uint buckets = leaf->Buckets;
        var at = Home((uint)(reference >> PositionBits), bits, buckets);
        while (true)
        {
            var bucket = TableNode.Bucket(leaf, at);
            var tags = *bucket;
            var free = Matches(tags, 0);
            if (free != 0)
            {
                var index = BitOperations.TrailingZeroCount(free) >> 3;
                bucket[1 + index] = reference;
                *bucket = tags | (ulong)tag << (index * 8);
                return;
            }

            *bucket = tags + (1UL << OverflowShift);
            if (++at == buckets) at = 0;
        }
    }

    /// <summary>One high bit per tag byte that equals the pattern's; the overflow byte never matches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Matches(ulong tags, ulong pattern)
    {
        var difference = tags ^ pattern;
        return ~(((difference & LowBits) + LowBits) | difference) & HighBits;
    }

    /// <summary>Empties a place of a leaf.</summary>
    public static void TakeOut(TableNode* leaf, int bits, ulong* cell)
    {
        uint buckets = leaf->Buckets;
        var at = Home((uint)(*cell >> PositionBits), bits, buckets);
        var bucket = TableNode.Bucket(leaf, at);
        while (cell <= bucket || cell >= bucket + TableNode.BucketWords)
        {
            *bucket -= 1UL << OverflowShift;
            if (++at == buckets) at = 0;
            bucket = TableNode.Bucket(leaf, at);
        }

        *bucket &= ~(0xFFUL << (int)((cell - bucket - 1) * 8));
        *cell = 0;
    }

    /// <summary>Of each tag of a bucket's tag word the bit that says that the entry has an expiry.</summary>
    public static ulong Expiring(ulong tags) => tags & Ones;

    /// <summary>
    /// The overflow count of a bucket's tag word: how many entries passed the bucket because it was full.
    /// </summary>
    public static int Overflow(ulong tags) => (int)(tags >> OverflowShift);

    /// <summary>An entry has an expiry from now on, or none any more: turns the bit of its tag.</summary>
    private static void MarkExpiry(TableNode* root, ulong hash, ulong* cell)
    {
        var leaf = Locate(root, hash).Leaf;
        if (TableNode.Next(leaf) != null) leaf = LeafChain.Holder(leaf, cell);
        for (var i = 0u; ; i++)
        {
            Invariant.That(i < leaf->Buckets);
            var bucket = TableNode.Bucket(leaf, i);
            if (cell <= bucket || cell >= bucket + TableNode.BucketWords) continue;
            *bucket ^= (ulong)HasExpiry << (int)((cell - bucket - 1) * 8);
            return;
        }
    }

    /// <summary>The child of a branch that a hash leads to.</summary>
    public static TableNode* Child(TableNode* branch, ulong hash, int offset) =>
        branch->Children + (hash << offset >> (64 - branch->FanoutBits));
}
