namespace Starling.Node.Acl;

/// <summary>
/// How often one connection has failed to log in lately. Passwords are guessed by trying many: so many are judged in a second, and the
/// rest is refused unseen. One thread at a time.
/// </summary>
internal struct FailedLogIns
{
    /// <summary>Most failures in one second of the server's clock.</summary>
    public const int MostPerSecond = 64;

    private const long Period = 1000; // milliseconds

    private long _since;
    private int _count;

    /// <summary>Whether the next attempt is to be refused unseen.</summary>
    /// <param name="now">The time, in milliseconds of Unix time.</param>
    public readonly bool AreTooMany(long now) => _count >= MostPerSecond && IsCurrent(now);

    /// <summary>Notes a failure.</summary>
    /// <param name="now">The time, in milliseconds of Unix time.</param>
    public void Note(long now)
    {
        if (!IsCurrent(now)) (_since, _count) = (now, 0);
        _count++;
    }

    /// <summary>A clock that was set back begins a new second too.</summary>
    private readonly bool IsCurrent(long now) => now >= _since && now - _since < Period;
}
