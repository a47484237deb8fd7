using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests;

/// <summary>What a snapshot delivered; a key that comes twice fails.</summary>
internal sealed class SavedKeys : ISnapshotOutput
{
    private readonly MemoryStream _text = new();
    private (int Database, string Key) _key;
    private long _expiresAt;
    private long _missing;

    public Dictionary<(int Database, string Key), (byte[] Bytes, long ExpiresAt)> Keys { get; } = [];

    /// <summary>The longest part in which a text came.</summary>
    public int LongestPart { get; private set; }

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    public void BeginEntry(int database, ReadOnlySpan<byte> key, long expiresAt, ContentForm form)
    {
        Assert.Equal(0, _missing);
        Assert.Equal(ContentForm.String, form);
        _key = (database, Text(key));
        _expiresAt = expiresAt;
    }

    public void Number(ulong value) => Assert.Fail("a string has no number");

    public void Add(byte[] text) => Assert.True(Keys.TryAdd(_key, (text, _expiresAt)), _key.Key);

    public void Raw(ReadOnlySpan<byte> bytes) => Assert.Fail("a string has no such bytes");

    void IContentWriter.Text(ReadOnlySpan<byte> text) => Add(text.ToArray());

    public void BeginText(long length)
    {
        Assert.Equal(0, _missing);
        Assert.True(length > 0);
        _missing = length;
        _text.SetLength(0);
    }

    public void TextPart(ReadOnlySpan<byte> bytes)
    {
        _text.Write(bytes);
        LongestPart = Math.Max(LongestPart, bytes.Length);
        _missing -= bytes.Length;
        if (_missing == 0) Add(_text.ToArray());
    }

    public void AssertHas(Dictionary<(int Database, string Key), DatabaseModel.Value> expected)
    {
        Assert.Equal(0, _missing);
        foreach (var (key, value) in expected)
        {
            Assert.True(Keys.TryGetValue(key, out var saved), $"{key} is missing");
            Assert.True(value.Bytes.AsSpan().SequenceEqual(saved.Bytes), $"{key} has another value");
            Assert.Equal(value.ExpiresAt, saved.ExpiresAt);
        }

        Assert.Equal(expected.Count, Keys.Count);
    }
}
