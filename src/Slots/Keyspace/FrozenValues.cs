namespace Starling.Slots.Keyspace;

/// <summary>
/// The large values of a table set of which snapshots have views, by the address in their root. Members need the stripe
/// of the slot.
/// </summary>
internal sealed unsafe class FrozenValues
{
    private readonly Dictionary<nint, FrozenValue>?[] _stripes =
        new Dictionary<nint, FrozenValue>?[StripeSet.StripeCount];

    /// <summary>The value with that address, or null when no snapshot has a view of it.</summary>
    public FrozenValue? Find(int slot, byte* address) =>
        _stripes[StripeSet.StripeOf(slot)] is { } stripe && stripe.TryGetValue((nint)address, out var value)
            ? value
            : null;

    /// <summary>
    /// True when there is a value in the slot's stripe. Needs no lock when the value, if there is one, cannot go.
    /// </summary>
    public bool HasAny(int slot) => Volatile.Read(ref _stripes[StripeSet.StripeOf(slot)]) != null;

    /// <summary>Adds a value.</summary>
    public void Add(FrozenValue value) =>
        (_stripes[StripeSet.StripeOf(value.Slot)] ??= []).Add((nint)value.Address, value);

    /// <summary>Takes a value out.</summary>
    public void Remove(int slot, byte* address)
    {
        var stripe = _stripes[StripeSet.StripeOf(slot)];
        Invariant.That(stripe != null && stripe.Remove((nint)address));
        if (stripe.Count == 0) _stripes[StripeSet.StripeOf(slot)] = null;
    }
}
