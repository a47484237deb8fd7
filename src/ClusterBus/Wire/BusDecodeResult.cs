namespace Starling.ClusterBus.Wire;

/// <summary>What became of a packet.</summary>
public enum BusDecodeResult
{
    /// <summary>A message.</summary>
    Message,

    /// <summary>
    /// Well-formed as far as it can be told, but of a type or version that is not known: to be ignored.
    /// </summary>
    Unknown,

    /// <summary>Not a valid packet: to be dropped and counted.</summary>
    Malformed,
}
