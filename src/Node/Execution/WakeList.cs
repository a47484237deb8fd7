using Starling.Node.Serving;

namespace Starling.Node.Execution;

/// <summary>
/// Whom one scope wakes: what it makes ready is kept in the order in which Redis serves it, one client is woken at a time,
/// and what comes behind is looked at when that one has been served. One per context.
/// </summary>
internal sealed class WakeList(KeyWaiters waiters, ClientRegistry clients)
{
    private ReadyKeys? _ready; // in the order of their being served
    private KeyClaim? _claim; // of the client that was served in this scope: to go on with
    private KeyWaiter? _woken;
    private bool _hasEndedClaim;
    private ReplacedDatabases? _replaced;

    /// <summary>A key that somebody waits for has changed. Under its stripe.</summary>
    public void Add(in ReadyKey key) => (_ready ??= new ReadyKeys()).Add(key);

    /// <summary>A database has lost all its keys, or got another one's. Under every stripe.</summary>
    public void AddAll(int database, bool isEmptied) => (_replaced ??= new ReplacedDatabases()).Add(database, isEmptied);

    /// <summary>
    /// What was kept for a client goes to the next in line, and then what was pending behind it: before anything that this
    /// scope has made ready.
    /// </summary>
    /// <param name="claim">What was kept for it; null for nothing.</param>
    /// <param name="behind">Only clients behind this one are served by the key that it was woken for; null for all.</param>
    public void HandOn(KeyClaim? claim, KeyWaiter? behind)
    {
        if (claim is null) return;
        claim.Ready.LimitFirst(behind);
        _claim = claim;
    }

    /// <summary>Finds out whom to wake. Under the stripes of the scope's plan.</summary>
    /// <param name="call">The scope's context, which looks later at what would take too long now.</param>
    public void Serve(CommandContext call)
    {
        if (_replaced is { } replaced)
        {
            _replaced = null;
            if (!waiters.TryAddAwaited(replaced, _ready ??= new ReadyKeys())) WakeLater(call, replaced);
        }

        if (_claim is null && _ready is not { Count: > 0 }) return;
        var claim = _claim ?? new KeyClaim();
        _claim = null;
        if (_ready is not null)
        {
            claim.Ready.Add(_ready);
            _ready.Clear();
        }

        var wasActive = claim.IsActive;
        _woken = waiters.Serve(claim);
        _hasEndedClaim = wasActive && _woken is null;
    }

    /// <summary>Resumes whom the scope has woken, or who was held back. Under no stripe.</summary>
    public void Resume()
    {
        if (_hasEndedClaim)
        {
            _hasEndedClaim = false;
            clients.EndKeyHold();
        }

        if (_woken is not { } woken) return;
        _woken = null;
        woken.Session.Connection!.ResumeSoon();
    }

    // By itself: what it captures would otherwise be made at every scope's end.
    private static void WakeLater(CommandContext call, ReplacedDatabases replaced) =>
        call.Afterwards.Enqueue(() => replaced.WakeInParts(call.Node));
}
