using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values;

/// <summary>The lists that a snapshot delivered, read again as a loader would.</summary>
internal sealed class SavedLists : ISnapshotOutput
{
    private readonly Dictionary<string, (ContentForm Form, ContentRecorder Content)> _saved = [];
    private readonly MemoryStream _text = new();
    private ContentRecorder _content = new();
    private long _missing;

    /// <summary>The longest piece in which anything came.</summary>
    public int LongestPiece { get; private set; }

    public int Count => _saved.Count;

    public void BeginEntry(int database, ReadOnlySpan<byte> key, long expiresAt, ContentForm form)
    {
        Assert.Equal(0, _missing);
        _content = new ContentRecorder();
        Assert.True(_saved.TryAdd(SavedKeys.Text(key), (form, _content)));
    }

    public void Number(ulong value) => _content.Number(value);

    public void Text(ReadOnlySpan<byte> text)
    {
        LongestPiece = Math.Max(LongestPiece, text.Length);
        _content.Text(text);
    }

    public void Raw(ReadOnlySpan<byte> bytes) => Assert.Fail("a list has no such bytes");

    public void BeginText(long length)
    {
        Assert.True(_missing == 0 && length > 0);
        _missing = length;
        _text.SetLength(0);
    }

    public void TextPart(ReadOnlySpan<byte> bytes)
    {
        LongestPiece = Math.Max(LongestPiece, bytes.Length);
        _text.Write(bytes);
        _missing -= bytes.Length;
        if (_missing == 0) _content.Text(_text.ToArray());
    }

    /// <summary>The elements of a list; none when it was not saved.</summary>
    public List<string> Elements(string name)
    {
        Assert.Equal(0, _missing);
        if (!_saved.TryGetValue(name, out var saved)) return [];
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var key = keyspace.Key(DatabaseModel.Bytes(name));
        Assert.Equal(ContentOutcome.Read, keyspace[0].Load(key.Slot, saved.Form, saved.Content, out var value));
        keyspace[0].Put(key, value, Entry.NoExpiry, 0);
        return Read(keyspace, name);
    }

    public static List<string> Read(Keyspace.Keyspace keyspace, string name)
    {
        var elements = new List<string>();
        var key = keyspace.Key(DatabaseModel.Bytes(name));
        if (!keyspace[0].TryFind(key, out var entry)) return elements;
        var list = keyspace[0].Open<ListValue>(key, entry, 0);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var element in list.Range(0, list.Count)) elements.Add(SavedKeys.Text(element.Text(scratch)));
        return elements;
    }
}
