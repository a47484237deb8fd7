namespace Starling.Slots.Keyspace;

/// <summary>What is computed from a key: where it lies. Unlike <see cref="Key"/> it can be kept.</summary>
/// <param name="Slot">The hash slot, 0..16383.</param>
/// <param name="Hash">The seeded hash.</param>
public readonly record struct KeyPlace(ushort Slot, ulong Hash);
