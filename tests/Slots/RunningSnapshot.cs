using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

/// <summary>A snapshot under way, what it has delivered and what it is to deliver.</summary>
internal sealed class RunningSnapshot
{
    private readonly Snapshot _snapshot;
    private readonly SavedKeys _saved = new();
    private readonly Dictionary<(int Database, string Key), DatabaseModel.Value> _expected = [];

    /// <summary>Starts it, of all slots or of those whose number leaves a rest of 0 by <paramref name="divisor"/>.</summary>
    public RunningSnapshot(DatabaseModel model, int divisor = 1)
    {
        var slots = divisor == 1 ? null : Enumerable.Range(0, HashSlot.Count).Where(slot => slot % divisor == 0).ToList();
        using (model.Keyspace.LockAll()) _snapshot = model.Keyspace.StartSnapshot(slots);
        for (var i = 0; i < DatabaseModel.Databases; i++)
        {
            foreach (var (name, value) in model.Model[i])
                if (HashSlot.Of(DatabaseModel.Bytes(name)) % divisor == 0) _expected[(i, name)] = value;
        }
    }

    public bool Advance() => _snapshot.Advance();

    public void Deliver() => _snapshot.Deliver(_saved);

    public void Abandon() => _snapshot.Dispose();

    /// <summary>Runs it to its end and compares.</summary>
    public void Finish()
    {
        while (_snapshot.Advance())
        {
        }

        _snapshot.Deliver(_saved);
        _snapshot.Dispose();
        _saved.AssertHas(_expected);
    }
}
