using System.Runtime.InteropServices;

namespace Starling.Slots.Keyspace;

/// <summary>
/// A node of a slot's table; see <see cref="SlotTable"/>. A leaf holds up to 32 buckets in up to 8 pieces of up to 4
/// buckets; a branch holds the address of its children. A leaf of which another one is a continuation
/// (<see cref="LeafChain"/>) holds its address. One cache line. All zero is an empty leaf.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal unsafe struct TableNode
{
    /// <summary>Size of a node.</summary>
    public const int Bytes = 64;

    /// <summary>The most buckets a leaf has.</summary>
    public const int MaxBuckets = 32;

    /// <summary>Buckets of a full piece.</summary>
    public const int PieceBuckets = 4;

    /// <summary>Words of a bucket: one with 7 tag bytes and the overflow count, 7 references.</summary>
    public const int BucketWords = 8;

    /// <summary>Bytes of a bucket.</summary>
    public const int BucketBytes = 64;

    /// <summary>References in a bucket.</summary>
    public const int BucketEntries = 7;

    /// <summary>Where the addresses of the pieces start: 6 bytes each.</summary>
    [FieldOffset(0)]
    private readonly byte _pieces;

    /// <summary>A branch's children, 2^<see cref="FanoutBits"/> nodes.</summary>
    [FieldOffset(0)]
    public TableNode* Children;

    /// <summary>Number of entries in the node, below and behind it.</summary>
    [FieldOffset(48)]
    public uint Count;

    /// <summary>Number of entries with an expiry; kept in a slot's root only.</summary>
    [FieldOffset(52)]
    public uint Expiring;

    /// <summary>
    /// In the place of <see cref="Expiring"/>, a lower bound of some expiries in the node and below it, as
    /// <see cref="SecondOf"/> has them; 0 when there is none. In the tables of collections those of the elements; below the root of a
    /// slot's table those of the elements of values (<see cref="DueValues"/>).
    /// </summary>
    [FieldOffset(52)]
    public uint EarliestSecond;

    /// <summary>Number of buckets of a leaf.</summary>
    [FieldOffset(56)]
    public byte Buckets;

    /// <summary>0 for a leaf; else the number of hash bits that choose a child.</summary>
    [FieldOffset(57)]
    public byte FanoutBits;

    /// <summary>The last word: <see cref="Buckets"/>, <see cref="FanoutBits"/>, the address of the next leaf.</summary>
    [FieldOffset(56)]
    private ulong _last;

    /// <summary>The lower of two bounds of <see cref="EarliestSecond"/>.</summary>
    public static uint Earlier(uint first, uint second) =>
        first == 0 || (second != 0 && second < first) ? second : first;

    /// <summary>
    /// The first whole second of Unix time that is later than an expiry in milliseconds: what it belongs to has expired
    /// then.
    /// </summary>
    public static uint SecondOf(long expiresAt) => (uint)Math.Clamp((expiresAt / 1000) + 1, 1, uint.MaxValue);

    /// <summary>The leaf that continues a leaf, or null.</summary>
    public static TableNode* Next(TableNode* leaf) => (TableNode*)(leaf->_last >> 16);

    /// <summary>Sets the leaf that continues a leaf.</summary>
    public static void SetNext(TableNode* leaf, TableNode* next) =>
        leaf->_last = leaf->_last & ushort.MaxValue | (ulong)next << 16;

    /// <summary>The address of a piece.</summary>
    public static ulong* Piece(TableNode* leaf, int index) =>
        (ulong*)(*(ulong*)(&leaf->_pieces + (index * 6)) & SlotTable.AddressBits);

    /// <summary>Sets the address of a piece.</summary>
    public static void SetPiece(TableNode* leaf, int index, byte* piece)
    {
        var at = &leaf->_pieces + (index * 6);
        *(uint*)at = (uint)(ulong)piece;
        *(ushort*)(at + 4) = (ushort)((ulong)piece >> 32);
    }

    /// <summary>The address of a bucket.</summary>
    public static ulong* Bucket(TableNode* leaf, uint index) =>
        Piece(leaf, (int)(index / PieceBuckets)) + (index % PieceBuckets * BucketWords);
}
