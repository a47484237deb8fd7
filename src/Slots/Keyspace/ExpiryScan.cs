namespace Starling.Slots.Keyspace;

/// <summary>
/// How far a scan of a slot for expired keys has come; the default value starts one. See
/// <see cref="Database.ScanExpiring"/>.
/// </summary>
public struct ExpiryScan
{
    internal ulong Position;
    internal long Minimum;
    internal int Number;

    /// <summary>True when the whole slot was visited.</summary>
    public bool IsDone { get; internal set; }
}
