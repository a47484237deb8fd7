namespace Starling.Node.Execution;

/// <summary>Who waits for a key, or will touch it when served for another one. Guarded by the key's stripe.</summary>
internal sealed class KeyQueue
{
    /// <summary>The clients that wait, first come first served.</summary>
    public List<KeyWaiter> Places { get; } = [];

    /// <summary>Number of waiting commands that have this key and others.</summary>
    public int Shared { get; set; }

    /// <summary>What keeps the key because it is ready; null when nothing does.</summary>
    public KeyClaim? Claim { get; set; }

    /// <summary>Nobody needs it any more.</summary>
    public bool IsEmpty => Places.Count == 0 && Shared == 0 && Claim is null;

    /// <summary>Somebody waits for the key in a database.</summary>
    public bool IsAwaitedIn(int database)
    {
        foreach (var waiter in Places)
            if (waiter.Database == database) return true;
        return false;
    }

    /// <summary>Somebody waits for the key in a database who is to be told when it goes.</summary>
    public bool IsWatchedIn(int database)
    {
        foreach (var waiter in Places)
            if (waiter.Database == database && waiter.IsServedWithoutKey) return true;
        return false;
    }

    /// <summary>Puts a client in line, behind those who came before it.</summary>
    public void Add(KeyWaiter waiter)
    {
        var place = Places.Count;
        while (place > 0 && Places[place - 1].Number > waiter.Number) place--;
        Places.Insert(place, waiter);
    }
}
