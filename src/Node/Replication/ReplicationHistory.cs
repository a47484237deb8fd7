using System.Security.Cryptography;

namespace Starling.Node.Replication;

/// <summary>
/// Which histories this node's data belongs to: the replication id, and a second one that is valid up to an offset, so
/// that replicas of the former master can go on after a promotion. Immutable, swapped whole.
/// </summary>
/// <param name="Id">master_replid: 40 hexadecimal digits.</param>
/// <param name="SecondId">master_replid2; forty zeros when there is none.</param>
/// <param name="SecondOffset">second_repl_offset: the first byte that a PSYNC with the second id may ask for at most;
/// -1 when there is none.</param>
internal sealed record ReplicationHistory(string Id, string SecondId, long SecondOffset)
{
    /// <summary>Number of digits of a replication id.</summary>
    public const int IdLength = 40;

    private static readonly string NoId = new('0', IdLength);

    /// <summary>A history of its own.</summary>
    public static ReplicationHistory StartNew() => Of(NewId());

    /// <summary>The history of a master, as a full synchronisation brings it.</summary>
    public static ReplicationHistory Of(string id) => new(id, NoId, -1);

    /// <summary>40 random hexadecimal digits.</summary>
    public static string NewId() => RandomNumberGenerator.GetHexString(IdLength, lowercase: true);

    /// <summary>A new id from an offset on; the present id stays valid up to there.</summary>
    public ReplicationHistory Continue(string id, long offset) => new(id, Id, offset + 1);

    /// <summary>
    /// True when data up to the byte before <paramref name="from"/> is of this node's history, judged by the id.
    /// </summary>
    public bool Covers(string id, long from) =>
        string.Equals(id, Id, StringComparison.OrdinalIgnoreCase)
        || (string.Equals(id, SecondId, StringComparison.OrdinalIgnoreCase) && from <= SecondOffset);
}
