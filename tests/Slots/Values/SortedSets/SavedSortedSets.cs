using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.SortedSets;

namespace Starling.Slots.Tests.Values.SortedSets;

/// <summary>The sorted sets that a snapshot delivered, read again as a loader would.</summary>
internal sealed class SavedSortedSets : ISnapshotOutput
{
    private readonly Dictionary<string, (ContentForm Form, ContentRecorder Content)> _saved = [];
    private ContentRecorder _content = new();

    public int Count => _saved.Count;

    public void BeginEntry(int database, ReadOnlySpan<byte> key, long expiresAt, ContentForm form)
    {
        _content = new ContentRecorder();
        Assert.True(_saved.TryAdd(SavedKeys.Text(key), (form, _content)));
    }

    public void Number(ulong value) => _content.Number(value);

    public void Text(ReadOnlySpan<byte> text) => _content.Text(text);

    public void Raw(ReadOnlySpan<byte> bytes) => _content.Raw(bytes);

    public void BeginText(long length) => Assert.Fail("no member is that long");

    public void TextPart(ReadOnlySpan<byte> bytes) => Assert.Fail("no member is that long");

    /// <summary>The elements of a set; none when it was not saved.</summary>
    public List<string> Elements(string name)
    {
        if (!_saved.TryGetValue(name, out var saved)) return [];
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var key = keyspace.Key(DatabaseModel.Bytes(name));
        Assert.Equal(ContentOutcome.Read, keyspace[0].Load(key.Slot, saved.Form, saved.Content, out var value));
        keyspace[0].Put(key, value, Entry.NoExpiry, 0);
        Assert.True(keyspace[0].TryFind(key, out var entry));
        SortedSetChecker.Check(entry, ValueOptions.Default);
        var set = keyspace[0].Open<SortedSetValue>(key, entry, 0);
        return SortedSetModel.Read(set.Range(0, set.Count));
    }
}
