namespace Starling.Serving;

/// <summary>Which stripes the executor holds while the handler runs.</summary>
public enum LockMode
{
    /// <summary>Those of the command's keys (none when it names no key).</summary>
    Keys,

    /// <summary>Every stripe.</summary>
    All,

    /// <summary>
    /// None: the handler takes what it needs, a bounded part at a time, or touches no key at all. Inside EXEC it runs
    /// under every stripe.
    /// </summary>
    None,
}
