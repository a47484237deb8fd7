using Starling.Node.Serving;
using Starling.Slots.Keyspace;

namespace Starling.Node.Execution;

/// <summary>
/// The way in which commands, expiry and the server's own deletions touch the keyspace: while it is open, the stripes of
/// its plan are held, and what happens to keys is declared to its <see cref="Call"/>. Closing it appends the effects to the
/// replication log and puts the keyspace events in line, both under the stripes, lets go of them, and then delivers what
/// waited for that. Opened by <see cref="Executor"/>; a scope inside another one of the same call is a part of that one.
/// </summary>
public readonly ref struct ExecutionScope
{
    private readonly Executor? _executor; // null for a part of an outer scope
    private readonly StripeScope _stripes;
    private readonly bool _isLent; // the call is the executor's, which wants it back

    internal ExecutionScope(Executor? executor, CommandContext call, StripeScope stripes, bool isLent)
    {
        _executor = executor;
        Call = call;
        _stripes = stripes;
        _isLent = isLent;
    }

    /// <summary>To declare changes to.</summary>
    public CommandContext Call { get; }

    /// <summary>Closes the scope.</summary>
    public void Dispose()
    {
        if (_executor is null) return;
        _executor.CloseUnderLocks(Call);
        _stripes.Dispose();
        Executor.AfterUnlock(Call);
        if (_isLent) _executor.GiveBack(Call);
    }
}
