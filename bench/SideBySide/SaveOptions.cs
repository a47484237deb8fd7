namespace Starling.Bench.SideBySide;

/// <summary>What the comparison of saving and flushing works on.</summary>
internal sealed record SaveOptions
{
    /// <summary>Whether redis-server is measured, before ours.</summary>
    public required bool Redis { get; init; }

    /// <summary>Keys of 11 bytes with values of 32.</summary>
    public required int Keys { get; init; }

    /// <summary>Saves under load that are measured.</summary>
    public required int Rounds { get; init; }

    /// <summary>Elements of one large list; 0 for none.</summary>
    public required int ListElements { get; init; }

    /// <summary>Bytes of one large string; 0 for none.</summary>
    public required int StringBytes { get; init; }
}
