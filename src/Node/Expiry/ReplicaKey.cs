using Starling.Slots.Keyspace;

namespace Starling.Node.Expiry;

/// <summary>A key in a database, equal to another by its bytes.</summary>
/// <param name="Database">The database, whatever index it has.</param>
/// <param name="Key">The key's bytes.</param>
internal readonly record struct ReplicaKey(Database Database, byte[] Key)
{
    public bool Equals(ReplicaKey other) => Database == other.Database && Key.AsSpan().SequenceEqual(other.Key);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Database);
        hash.AddBytes(Key);
        return hash.ToHashCode();
    }
}
