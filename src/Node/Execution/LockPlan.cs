using Starling.Slots.Keyspace;

namespace Starling.Node.Execution;

/// <summary>
/// The stripes that one execution holds, decided before it begins: none, a slot's, some, or every one. An execution may
/// touch keys of these stripes and of no others.
/// </summary>
public readonly struct LockPlan
{
    private const int NoSlot = -1;
    private const int Several = -2;
    private const int Everything = -3;

    private readonly int _slot;
    private readonly StripeSet _stripes;

    private LockPlan(int slot, in StripeSet stripes = default)
    {
        _slot = slot;
        _stripes = stripes;
    }

    /// <summary>No stripe: the handler touches no key, or takes parts with <see cref="ExecutionScope"/>s of its own.</summary>
    public static LockPlan None => new(NoSlot);

    /// <summary>Every stripe.</summary>
    public static LockPlan All => new(Everything);

    /// <summary>The stripe of one slot, 0..16383.</summary>
    public static LockPlan Slot(int slot) => new(slot);

    /// <summary>Some stripes.</summary>
    public static LockPlan Stripes(in StripeSet stripes) => new(Several, stripes);

    /// <summary>True for <see cref="None"/>.</summary>
    public bool IsNone => _slot == NoSlot;

    /// <summary>True for <see cref="All"/>.</summary>
    public bool IsAll => _slot == Everything;

    /// <summary>The slot whose stripe alone is held; negative when that is not so.</summary>
    internal int Single => _slot;

    /// <summary>True when the plan holds the stripe of a slot.</summary>
    public bool Covers(int slot)
    {
        if (_slot == slot || _slot == Everything) return true;
        var stripe = StripeSet.StripeOf(slot);
        if (_slot == Several) return _stripes.Next(stripe) == stripe;
        return _slot >= 0 && StripeSet.StripeOf(_slot) == stripe;
    }

    /// <summary>Takes the stripes; disposing what this returns lets go of them.</summary>
    internal StripeScope Take(Keyspace keyspace)
    {
        if (_slot >= 0) return keyspace.LockSlot(_slot);
        if (_slot == Everything) return keyspace.LockAll();
        return _slot == Several ? keyspace.Lock(_stripes) : default;
    }
}
