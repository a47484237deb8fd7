namespace Starling.Slots.Keyspace;

/// <summary>What kind of value a key holds. The numbers live in native memory only.</summary>
public enum ValueKind : byte
{
    /// <summary>A string.</summary>
    String = 0,
}
