using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values;

/// <summary>A long string as it was at one moment; see <see cref="FrozenString"/>.</summary>
internal sealed unsafe class FrozenStringView : FrozenView
{
    private const int PagesPerStep = 4;

    private readonly FrozenString _string;
    private readonly int _length;
    private readonly NativeHeap _heap;
    private readonly Dictionary<int, nint> _copies = [];
    private int _nextPage;

    /// <summary>Sees the string as it is now.</summary>
    /// <param name="value">The string.</param>
    /// <param name="heap">The heap of the snapshot.</param>
    public FrozenStringView(FrozenString value, NativeHeap heap)
        : base(value)
    {
        _string = value;
        _length = value.Root.Length;
        _heap = heap;
    }

    /// <summary>Keeps the pages of a range that is about to change.</summary>
    public void BeforeWrite(long from, long end)
    {
        end = Math.Min(end, _length);
        if (from >= end) return;
        var last = (int)((end - 1) / FrozenString.PageBytes);
        for (var page = Math.Max(_nextPage, (int)(from / FrozenString.PageBytes)); page <= last; page++)
        {
            if (_copies.ContainsKey(page)) continue;
            var bytes = LengthOf(page);
            var copy = _heap.Allocate(Slot, bytes);
            Buffer.MemoryCopy(Live(page), copy, bytes, bytes);
            _copies.Add(page, (nint)copy);
        }
    }

    /// <inheritdoc/>
    public override bool SaveSome(SnapshotRecords records)
    {
        if (_nextPage == 0) records.BeginText(_length);
        for (var i = 0; i < PagesPerStep && LengthOf(_nextPage) > 0; i++, _nextPage++)
        {
            var bytes = LengthOf(_nextPage);
            if (_copies.Remove(_nextPage, out var copy))
            {
                records.TextPart(new ReadOnlySpan<byte>((byte*)copy, bytes));
                _heap.Free((byte*)copy, bytes);
            }
            else
            {
                records.TextPart(new ReadOnlySpan<byte>(Live(_nextPage), bytes));
            }
        }

        return LengthOf(_nextPage) > 0;
    }

    /// <inheritdoc/>
    protected override void FreeCopies()
    {
        foreach (var (page, copy) in _copies) _heap.Free((byte*)copy, LengthOf(page));
        _copies.Clear();
    }

    private int LengthOf(int page) =>
        (int)Math.Clamp(_length - ((long)page * FrozenString.PageBytes), 0, FrozenString.PageBytes);

    private byte* Live(int page) => _string.Address + ((long)page * FrozenString.PageBytes);
}
