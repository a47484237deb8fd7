using Starling.Slots.Keyspace;
using Starling.Slots.Memory;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values.Elements;

/// <summary>A view of a table under way, what it has delivered and what it is to deliver.</summary>
internal sealed unsafe class SavedElements : ISnapshotOutput
{
    private readonly NativeHeap _heap = new(2);
    private readonly SnapshotRecords _records;
    private readonly FrozenView _view;
    private readonly Dictionary<string, (string Value, long ExpiresAt)> _expected;
    private readonly Dictionary<string, (string Value, long ExpiresAt)> _saved = [];
    private readonly List<string> _pending = [];
    private long _count = -1;

    public SavedElements(FrozenValue value, Dictionary<string, (string Value, long ExpiresAt)> model)
    {
        _records = new SnapshotRecords(_heap, 0);
        _expected = new Dictionary<string, (string Value, long ExpiresAt)>(model);
        _view = value.AddView(_heap);
    }

    /// <summary>Bytes that were saved and not delivered.</summary>
    public long BufferedBytes => _heap.UsedBytes;

    public bool SaveSome()
    {
        var more = _view.SaveSome(_records);
        new SnapshotReader(_records.Take()).Read(_heap, this, out _);
        Assert.Equal(0, _heap.UsedBytes);
        return more;
    }

    public void Finish()
    {
        while (SaveSome())
        {
        }

        _view.Release();
        Assert.Equal(_expected.Count, _count);
        Assert.Equal(_expected, _saved);
        _heap.Dispose();
    }

    public void Abandon()
    {
        _view.Release();
        Assert.Equal(0, _heap.UsedBytes);
        _heap.Dispose();
    }

    public void Number(ulong value)
    {
        if (_count < 0)
        {
            _count = (long)value;
            return;
        }

        Assert.Equal(2, _pending.Count);
        Assert.True(_saved.TryAdd(_pending[0], (_pending[1], (long)value)), "saved twice: " + _pending[0]);
        _pending.Clear();
    }

    public void Text(ReadOnlySpan<byte> text) => _pending.Add(ElementModel.Text(text));

    public void Raw(ReadOnlySpan<byte> bytes) => Assert.Fail("no such piece was written");

    public void BeginEntry(int database, ReadOnlySpan<byte> key, long expiresAt, ContentForm form) =>
        Assert.Fail("no key was written");

    public void BeginText(long length) => Assert.Fail("no long text was written");

    public void TextPart(ReadOnlySpan<byte> bytes) => Assert.Fail("no long text was written");
}
