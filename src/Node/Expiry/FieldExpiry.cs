using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Hashes;

namespace Starling.Node.Expiry;

/// <summary>Removes expired fields of hashes: a master says so with HDELs in the replication log.</summary>
internal sealed class FieldExpiry(NodeBasics basics, Executor executor, KeyExpiry expiry)
{
    /// <summary>Fields of one hash that are removed in one go, under its stripe.</summary>
    private const int FieldsPerStep = 128;

    private readonly KeyBatch _due = new();
    private readonly int[] _slots = new int[basics.Keyspace.DatabaseCount];

    /// <summary>
    /// Removes some of a hash's expired fields; the key goes with the last field. Under the key's stripe, on a node that
    /// may delete what has expired (<see cref="KeyExpiry.MayDelete"/>).
    /// </summary>
    /// <returns>True when there may be more.</returns>
    public static bool RemoveSome(CommandContext call, Database database, scoped in Key key, ref HashValue hash)
    {
        var fields = new List<byte[]>();
        var more = hash.FindExpired(call.Now, FieldsPerStep, fields);
        if (fields.Count == 0) return more;
        foreach (var field in fields) hash.Remove(field);
        call.Node.Expiry.CountFields(fields.Count);
        call.Changed(database, key, KeyEvent.HExpired, count: 0);
        using var effect = call.BeginSideEffect(database);
        effect.Add("HDEL"u8);
        effect.Add(key.Bytes);
        foreach (var field in fields) effect.Add(field);
        return more && hash.Exists;
    }

    /// <summary>
    /// Removes a field that has expired before a command looks at it whose effect on replicas, which keep it until they are
    /// told, depends on whether it is there.
    /// </summary>
    public static void RemoveIfExpired(
        CommandContext call, scoped in Key key, ref HashValue hash, scoped ReadOnlySpan<byte> field)
    {
        if (hash.Now == 0 || hash.EarliestExpiry == long.MaxValue) return;
        if (hash.TryGet(field, out _, out var expiresAt) || expiresAt == Entry.NoExpiry) return;
        if (!call.Node.Expiry.MayDelete) return;
        hash.Remove(field);
        call.Node.Expiry.CountFields(1);
        call.Changed(key, KeyEvent.HExpired, count: 0);
        using var effect = call.BeginSideEffect(call.Database);
        effect.Add("HDEL"u8);
        effect.Add(key.Bytes);
        effect.Add(field);
    }

    /// <summary>
    /// Goes around the slots of all databases that hold hashes with expired fields, until none is left or the time is up.
    /// </summary>
    /// <param name="now">Milliseconds of Unix time.</param>
    /// <param name="start">A timestamp of the node's clock from which time is measured.</param>
    /// <param name="limit">How long it may take from then on.</param>
    public void Run(long now, long start, TimeSpan limit)
    {
        for (var i = 0; i < _slots.Length; i++)
        {
            var database = basics.Keyspace[i];
            var first = _slots[i];
            for (var slot = Next(database, first); slot >= 0; slot = Next(database, slot + 1))
            {
                _slots[i] = slot;
                while (RunSlot(database, slot, now))
                    if (IsOver()) return;
                if (IsOver()) return;
            }

            _slots[i] = 0;
        }

        bool IsOver() => !expiry.MayDelete || basics.Clock.GetElapsedTime(start) >= limit;
    }

    private static int Next(Database database, int slot) => database.NextSlotWithElementExpiry(slot);

    /// <summary>A bounded part of a slot; true when there may be more.</summary>
    private bool RunSlot(Database database, int slot, long now)
    {
        _due.Clear();
        var visitor = new Visitor(_due);
        using var scope = executor.Open(LockPlan.Slot(slot));
        if (!expiry.MayDelete) return false;
        var more = database.VisitDueValues(slot, now, ref visitor);
        for (var i = 0; i < _due.Count; i++)
        {
            var key = basics.Keyspace.Key(_due[i]);
            if (database.TryFind(key, out var entry) && entry.Holds<HashValue>())
            {
                var hash = database.Open<HashValue>(key, entry, 0, scope.Call);
                more |= RemoveSome(scope.Call, database, key, ref hash);
            }

            database.RenewElementExpiry(key);
        }

        return more;
    }

    private readonly struct Visitor(KeyBatch due) : IEntryVisitor
    {
        public void Visit(in Entry entry) => due.Add(entry);
    }
}
