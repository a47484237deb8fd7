using Starling.Resp;

namespace Starling.Serving;

/// <summary>
/// Gives back what a burst needed: has the pool drop what nobody uses, and has the garbage collected once enough of it
/// has gathered. The runtime would do so only when it allocates again, which a server that allocates nothing on its
/// usual ways may not do for hours. The cron's.
/// </summary>
/// <remarks>
/// Collections run in the background and stop nobody for longer than any other (measured: 0.1 to 9 ms with 44 MB of
/// small objects alive; a compacting one, which gives memory back at once, took 84 ms). The runtime keeps regions that
/// have become free for a number of collections, so some more follow until they are the system's again.
/// </remarks>
internal sealed class BurstCollector(BufferPool pool)
{
    /// <summary>How often <see cref="Run"/> is called.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    // What is worth a collection: less is in the noise of a process of this size.
    private const long Worthwhile = 4 * 1024 * 1024;
    private const long MuchAtOnce = 64 * 1024 * 1024;

    // What INFO and connections that come and go allocate in a period at most.
    private const long Quiet = 256 * 1024;

    // Somebody who asks for INFO again and again, on a connection of its own each time, must not keep free regions from
    // going back: the collections for that are few.
    private const long NearlyQuiet = 4 * Quiet;

    // Free regions of so many bytes are worth the collections that it takes until the runtime gives them back.
    private const long Spare = 8 * 1024 * 1024;
    private const int CollectionsUntilReturned = 25;
    private const int TrimEvery = 5;

    // What a long command has made is garbage only when it has ended, which nobody tells, and a collection that is asked for
    // while another one is under way is none. So while the heap is larger than it was after the last burst, some more follow: after one
    // second, two, four and eight.
    private const int FirstRepeat = 5;
    private const int MostRepeats = 4;

    private int _runs;
    private long _collected;
    private long _last;
    private long _lastTotal;
    private long _freed;
    private int _collectionsLeft;
    private long _least = long.MaxValue;
    private int _repeats = MostRepeats;
    private int _untilRepeat;

    /// <summary>Looks whether there is something to give back.</summary>
    public void Run()
    {
        if (_runs++ % TrimEvery == 0) pool.Trim();

        // What was allocated may be garbage by now, and what was dropped is, whenever it was allocated.
        var activity = GC.GetTotalAllocatedBytes(precise: false) + pool.DroppedBytes;
        NoteFreed();

        // While the burst is under way what was dropped is replaced by new: mostly it is worth the work only once it is
        // not.
        var garbage = activity - _collected;
        var since = activity - _last;
        var isQuiet = since < Quiet;
        _last = activity;
        if (garbage >= (isQuiet ? Worthwhile : MuchAtOnce))
        {
            _repeats = 0;
            _untilRepeat = FirstRepeat;
            Collect(activity);
        }
        else if ((_collectionsLeft > 0 && since < NearlyQuiet) || IsToRepeat())
        {
            Collect(_collected);
        }
    }

    /// <summary>True when it is time to look once more for what the last collection for garbage has not found.</summary>
    private bool IsToRepeat()
    {
        if (_repeats == MostRepeats || --_untilRepeat > 0) return false;
        _repeats++;
        _untilRepeat = FirstRepeat << _repeats;
        var isLarge = _lastTotal - _least >= Worthwhile;
        if (_repeats == MostRepeats) _least = _lastTotal; // what is there still is alive
        return isLarge;
    }

    /// <summary>
    /// Counts what collections have freed. How much of it the runtime still holds it does not say: its count of
    /// committed bytes is without the regions that it keeps for later.
    /// </summary>
    private void NoteFreed()
    {
        var total = GC.GetTotalMemory(forceFullCollection: false);
        _freed += Math.Max(0, _lastTotal - total);
        _lastTotal = total;
        _least = Math.Min(_least, total);
        if (_freed < Spare) return;
        _freed = 0;
        _collectionsLeft = CollectionsUntilReturned;
    }

    private void Collect(long activity)
    {
        _collected = activity;
        _collectionsLeft = Math.Max(0, _collectionsLeft - 1);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
    }
}
