namespace Starling.Node.Acl;

/// <summary>What was refused, once or several times in a short while.</summary>
/// <param name="Id">A number of its own, one more than that of the entry before.</param>
/// <param name="Reason">Why.</param>
/// <param name="Place">Where.</param>
/// <param name="Object">The command, key or channel; of AUTH and HELLO the command as it was sent.</param>
/// <param name="Username">Who tried.</param>
/// <param name="Created">When it was refused first, in milliseconds of Unix time.</param>
internal sealed record AclLogEntry(
    long Id, AclDenial Reason, AclPlace Place, byte[] Object, byte[] Username, long Created)
{
    /// <summary>How often.</summary>
    public long Count { get; init; } = 1;

    /// <summary>When it was refused last, in milliseconds of Unix time.</summary>
    public long Updated { get; init; } = Created;

    /// <summary>The client that tried last, as CLIENT LIST shows it.</summary>
    public string Client { get; init; } = "";

    /// <summary>True when another refusal is of the same kind.</summary>
    public bool IsLike(AclLogEntry other) =>
        Reason == other.Reason && Place == other.Place
        && Object.AsSpan().SequenceEqual(other.Object) && Username.AsSpan().SequenceEqual(other.Username);
}
