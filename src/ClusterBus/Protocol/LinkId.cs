namespace Starling.ClusterBus.Protocol;

/// <summary>A TCP link of the bus, numbered by the machine; never used twice. 0 is no link.</summary>
/// <param name="Value">The number.</param>
public readonly record struct LinkId(long Value)
{
    /// <summary>No link.</summary>
    public static LinkId None => default;

    /// <summary>True for the default value.</summary>
    public bool IsNone => Value == 0;
}
