namespace Starling.Slots.Memory;

/// <summary>What the pools do alike with the lists of their chunks.</summary>
internal static class ChunkLists
{
    /// <summary>Empties the lists of a pool, whatever is in use of their chunks.</summary>
    /// <param name="trimming">The pool's lock that is held while memory goes back to the system; taken first.</param>
    /// <param name="guard">The lock that guards the lists.</param>
    /// <param name="lists">The first chunk of each list; zero for none.</param>
    /// <param name="release">Takes a chunk out of its list and gives it back to the system.</param>
    /// <param name="reset">Sets the pool's counts to nothing in use.</param>
    public static void Clear(Lock trimming, Lock guard, nint[] lists, Action<nint> release, Action reset)
    {
        lock (trimming)
        {
            lock (guard)
            {
                for (var i = 0; i < lists.Length; i++)
                    while (lists[i] != 0) release(lists[i]);
                reset();
            }
        }
    }
}
