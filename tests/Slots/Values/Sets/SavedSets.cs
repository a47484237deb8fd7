using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.Sets;

namespace Starling.Slots.Tests.Values.Sets;

/// <summary>The sets that a snapshot delivered, read again as a loader would.</summary>
internal sealed class SavedSets : ISnapshotOutput
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

    public void Raw(ReadOnlySpan<byte> bytes) => Assert.Fail("a set has no such bytes");

    public void BeginText(long length) => Assert.Fail("a set has no such text");

    public void TextPart(ReadOnlySpan<byte> bytes) => Assert.Fail("a set has no such text");

    /// <summary>The members of a set in order; none when it was not saved.</summary>
    public List<string> Members(string name)
    {
        if (!_saved.TryGetValue(name, out var saved)) return [];
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var key = keyspace.Key(DatabaseModel.Bytes(name));
        Assert.Equal(ContentOutcome.Read, keyspace[0].Load(key.Slot, saved.Form, saved.Content, out var value));
        keyspace[0].Put(key, value, Entry.NoExpiry, 0);
        return Read(keyspace, name);
    }

    /// <summary>The members of a set in order.</summary>
    public static List<string> Read(Keyspace.Keyspace keyspace, string name)
    {
        var members = new List<string>();
        var key = keyspace.Key(DatabaseModel.Bytes(name));
        if (!keyspace[0].TryFind(key, out var entry)) return members;
        var set = keyspace[0].Open<SetValue>(key, entry, 0);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var member in set.View) members.Add(SavedKeys.Text(member.Text(scratch)));
        members.Sort(StringComparer.Ordinal);
        return members;
    }
}
