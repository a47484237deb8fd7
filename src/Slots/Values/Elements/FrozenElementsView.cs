using System.Numerics;
using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values.Elements;

/// <summary>
/// A large collection as it was at one moment; see <see cref="FrozenElements"/>. Its elements are divided into parts,
/// ranges of positions of the table. The saver goes through them in order; what writers had to save meanwhile it hands on
/// with the next step, so that nothing is kept for longer.
/// </summary>
internal sealed unsafe class FrozenElementsView : FrozenView
{
    private const long ElementsPerPart = 16;
    private const long BytesPerPart = 64 << 10;
    private const int ElementsPerStep = 512;
    private const long BytesPerStep = 256 << 10;

    private readonly IElementContent _content;
    private readonly ElementTable* _table;
    private readonly SnapshotRecords _writers;
    private readonly int _bits;
    private readonly ulong[] _saved;
    private ulong _next;

    /// <summary>Sees the collection as it is now.</summary>
    /// <param name="value">The collection.</param>
    /// <param name="heap">The heap of the snapshot.</param>
    public FrozenElementsView(FrozenElements value, NativeHeap heap)
        : base(value)
    {
        _content = value.Content.ForView(value.Root);
        _table = _content.TableOf(value.Root);
        _writers = new SnapshotRecords(heap, StripeSet.StripeOf(value.Slot));
        var count = Math.Max(1, ElementTable.Count(_table));
        var bytes = Math.Max(1, _table->ElementBytes / count);
        _bits = BitOperations.Log2((ulong)Math.Max(1, count / Math.Clamp(BytesPerPart / bytes, 1, ElementsPerPart)));
        _saved = new ulong[Math.Max(1, 1L << _bits >> 6)];
        _content.WriteStart(value.Root, _writers);
    }

    private ulong Parts => 1UL << _bits;

    /// <summary>An element of that hash is about to be changed, added or removed.</summary>
    public void BeforeElement(ulong hash)
    {
        var part = _bits == 0 ? 0 : hash >> (64 - _bits);
        if (part < _next || !TryMark(part)) return;
        var saver = new Saver(_content, _writers);
        SavePart(part, ref saver);
    }

    /// <inheritdoc/>
    public override bool SaveSome(SnapshotRecords records)
    {
        records.Append(_writers);
        var saver = new Saver(_content, records);
        for (; _next < Parts; _next++)
        {
            if (saver.Elements >= ElementsPerStep || records.Bytes >= BytesPerStep) return true;
            if (TryMark(_next)) SavePart(_next, ref saver);
        }

        return false;
    }

    /// <inheritdoc/>
    protected override void FreeCopies() => _writers.Discard();

    private void SavePart(ulong part, ref Saver saver)
    {
        var shift = SlotTable.PositionBits - _bits;
        TableScan.VisitRange(_table->Hash, &_table->Root, part << shift, (part + 1) << shift, ref saver);
    }

    private bool TryMark(ulong part)
    {
        ref var word = ref _saved[part >> 6];
        var bit = 1UL << (int)(part & 63);
        if ((word & bit) != 0) return false;
        word |= bit;
        return true;
    }

    private struct Saver(IElementContent content, SnapshotRecords records) : IEntryVisitor
    {
        public int Elements { get; private set; }

        public void Visit(in Entry entry)
        {
            Elements++;
            content.WriteElement(new Element(entry.Block), records);
        }
    }
}
