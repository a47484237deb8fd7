namespace Starling.Node.Replication;

/// <summary>How a synchronisation goes on after PSYNC.</summary>
internal enum MasterAnswerKind
{
    /// <summary>The stream goes on where it stopped.</summary>
    Continue,

    /// <summary>A snapshot comes first.</summary>
    FullResync,

    /// <summary>The master knows no PSYNC: a snapshot comes after SYNC, without id and offset.</summary>
    NotSupported,
}
