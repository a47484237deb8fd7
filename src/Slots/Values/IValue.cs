using Starling.Slots.Keyspace;

namespace Starling.Slots.Values;

/// <summary>
/// A kind of value as handlers see it: a ref struct over the value of one key, or over none. Its members read and
/// change the value; it looks after the encoding, after what a snapshot must have before a change, and deletes the key
/// with the last element. It is valid under the key's stripe until that key is changed by other means.
/// </summary>
/// <typeparam name="TSelf">The ref struct itself.</typeparam>
public interface IValue<TSelf>
    where TSelf : IValue<TSelf>, allows ref struct
{
    /// <summary>The kind.</summary>
    internal static abstract ValueKind Kind { get; }

    /// <summary>Opens the value that an access leads to; it is of the right kind or not there.</summary>
    internal static abstract TSelf Open(scoped in ValueAccess access);
}
