namespace Starling.Slots.Values.Hashes;

/// <summary>Gets fields of a hash, one after the other.</summary>
public interface IHashVisitor
{
    /// <summary>Gets one field, which is dead when this returns. Must not change the hash.</summary>
    void Visit(HashEntry entry);
}
