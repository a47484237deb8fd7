using System.Text;

namespace Starling.Node.Tests.Persistence;

/// <summary>A key of an RDB stream.</summary>
internal sealed record RdbEntry(int Database, byte[] Key, byte[] Value, long ExpiresAt = -1)
{
    public RdbEntry(string key, string value, long expiresAt = -1, int database = 0)
        : this(database, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), expiresAt)
    {
    }

    public bool Equals(RdbEntry? other) =>
        other is not null && Database == other.Database && ExpiresAt == other.ExpiresAt &&
        Key.AsSpan().SequenceEqual(other.Key) && Value.AsSpan().SequenceEqual(other.Value);

    public override int GetHashCode() => HashCode.Combine(Database, Key.Length, Value.Length, ExpiresAt);

    public override string ToString() =>
        $"{Database}/{Convert.ToHexString(Key)}={Convert.ToHexString(Value.AsSpan(0, Math.Min(40, Value.Length)))}({Value.Length})@{ExpiresAt}";
}
