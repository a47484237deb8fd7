namespace Starling.Slots.Keyspace;

/// <summary>
/// Brings the allocations of a keyspace together so that blocks of native memory become empty, which
/// <see cref="KeyspaceMemory.Trim"/> then gives back. A pass chooses the blocks that are to be emptied, goes through
/// all tables, and uses again what was not emptied. Used by one thread, which takes its time between the steps.
/// </summary>
public sealed unsafe class Defragmenter
{
    private readonly Keyspace _keyspace;
    private readonly List<(Database Database, TableSet Tables)> _work = [];
    private Phase _phase;
    private DefragmentationCounts _counts;
    private int _step;
    private long _blocks;
    private int _slot;
    private ulong _position;

    /// <summary>Makes a defragmenter of a keyspace; it does nothing by itself.</summary>
    public Defragmenter(Keyspace keyspace) => _keyspace = keyspace;

    private enum Phase
    {
        Choosing,
        Moving,
        Ending,
    }

    /// <summary>True from <see cref="Begin"/> until <see cref="Advance"/> has answered false.</summary>
    public bool IsRunning => _work.Count > 0;

    /// <summary>What was done since it was made. Read it on the thread that advances.</summary>
    public DefragmentationCounts Counts => _counts;

    /// <summary>Begins a pass, unless one is under way. No lock is needed.</summary>
    public void Begin()
    {
        if (IsRunning) return;
        for (var i = 0; i < _keyspace.DatabaseCount; i++)
        {
            var database = _keyspace[i];
            if (database.Tables is { } tables) _work.Add((database, tables));
        }

        Enter(Phase.Choosing);
    }

    /// <summary>Ends a pass early: the steps that are left only use the blocks again that were chosen.</summary>
    public void Stop()
    {
        if (!IsRunning) return;
        _work.RemoveRange(1, _work.Count - 1);
        if (_phase != Phase.Ending) Enter(Phase.Ending);
    }

    /// <summary>
    /// Does a step: some tens of microseconds, under the lock of at most one stripe, which it takes itself.
    /// </summary>
    /// <returns>False when the pass is over.</returns>
    public bool Advance()
    {
        if (!IsRunning) return false;
        var (database, tables) = _work[0];
        switch (_phase)
        {
            case Phase.Choosing:
                if (!tables.Heap.BeginEmptying(ref _step, ref _blocks))
                    Enter(_blocks > 0 ? Phase.Moving : Phase.Ending);
                break;
            case Phase.Moving:
                if (!Move(database, tables)) Enter(Phase.Ending);
                break;
            case Phase.Ending:
                if (tables.Heap.EndEmptying(ref _step)) break;
                _work.RemoveAt(0);
                Enter(Phase.Choosing);
                break;
        }

        return IsRunning;
    }

    private void Enter(Phase phase)
    {
        _phase = phase;
        _step = 0;
        _slot = 0;
        _position = 0;
        if (phase == Phase.Choosing) _blocks = 0;
    }

    private bool Move(Database database, TableSet tables)
    {
        var slot = _slot < HashSlot.Count ? tables.NextSlotInUse(_slot, expiring: false) : -1;
        if (slot < 0) return false;
        if (slot != _slot) _position = 0;
        _slot = slot;
        using (_keyspace.LockSlot(slot))
        {
            if (database.Tables != tables) return false; // cleared meanwhile: they are somebody else's now
            var root = tables.Root(slot);
            if (root == null || root->Count == 0) _position = TableScan.End;
            else _position = new TableMover(tables, slot, ref _counts).MoveLeaf(root, _position);
        }

        if (_position < TableScan.End) return true;
        _slot++;
        _position = 0;
        return true;
    }
}
