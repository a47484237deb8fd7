using Starling.Slots.Keyspace;
using Starling.Slots.Tests.Values.Elements;
using Starling.Slots.Values;
using Starling.Slots.Values.Hashes;

namespace Starling.Slots.Tests.Values.Hashes;

/// <summary>The hashes that a snapshot delivered, read again as a loader would.</summary>
internal sealed class SavedHashes : ISnapshotOutput
{
    private readonly Dictionary<string, (ContentForm Form, ContentRecorder Content)> _saved = [];
    private ContentRecorder _content = new();

    public int Count => _saved.Count;

    public void BeginEntry(int database, ReadOnlySpan<byte> key, long expiresAt, ContentForm form)
    {
        _content = new ContentRecorder();
        Assert.True(_saved.TryAdd(ElementModel.Text(key), (form, _content)));
    }

    public void Number(ulong value) => _content.Number(value);

    public void Text(ReadOnlySpan<byte> text) => _content.Text(text);

    public void Raw(ReadOnlySpan<byte> bytes) => _content.Raw(bytes);

    public void BeginText(long length) => Assert.Fail("no piece of a hash comes in parts");

    public void TextPart(ReadOnlySpan<byte> bytes) => Assert.Fail("no piece of a hash comes in parts");

    public Dictionary<string, (string Value, long ExpiresAt)> Read(string name)
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var key = keyspace.Key(ElementModel.Bytes(name));
        var (form, content) = _saved[name];
        Assert.Equal(ContentOutcome.Read, keyspace[0].Load(key.Slot, form, content, out var value));
        keyspace[0].Put(key, value, Entry.NoExpiry, 0);
        Assert.True(keyspace[0].TryFind(key, out var entry));
        return HashModel.Read(keyspace[0].Open<HashValue>(key, entry, 0));
    }
}
