using Starling.Slots.Keyspace;

namespace Starling.Slots.Values;

/// <summary>The string of a key, or of none.</summary>
public ref struct StringValue : IValue<StringValue>
{
    private ValueAccess _access;

    private StringValue(scoped in ValueAccess access) => _access = access;

    static ValueKind IValue<StringValue>.Kind => ValueKind.String;

    /// <summary>The key is there. Without it the string reads as the empty one.</summary>
    public readonly bool Exists => _access.Exists;

    /// <summary>The bytes. They alias native memory and are dead after any change.</summary>
    public readonly ReadOnlySpan<byte> Bytes => Exists ? StringOperations.Bytes(_access.View) : default;

    static StringValue IValue<StringValue>.Open(scoped in ValueAccess access) => new(access);

    /// <summary>Replaces the string, or makes the key; an expiry stays.</summary>
    public void Set(scoped ReadOnlySpan<byte> value) => _access.SetString(value);

    /// <summary>
    /// Changes the length and returns the bytes, of which the caller writes a range: the old ones stay as far as they
    /// fit, new ones are zero. Redis calls the encoding of such a string raw. The key must be there.
    /// </summary>
    /// <param name="length">The new length in bytes.</param>
    /// <param name="from">The first byte that the caller will write.</param>
    /// <param name="count">How many bytes it will write, all within the new length.</param>
    public Span<byte> Resize(int length, int from, int count) => _access.ResizeString(length, from, count, raw: true);
}
