using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests;

/// <summary>
/// A keyspace and the dictionaries that say what it should hold; operations are made from random numbers.
/// </summary>
internal sealed class DatabaseModel : IDisposable
{
    public const int Databases = 2;

    public DatabaseModel(ulong seed = 42)
    {
        Keyspace = new Keyspace.Keyspace(new KeyspaceOptions { Databases = Databases, HashSeed = seed });
        for (var i = 0; i < Databases; i++) Model[i] = [];
    }

    public Keyspace.Keyspace Keyspace { get; }

    public Dictionary<string, Value>[] Model { get; } = new Dictionary<string, Value>[Databases];

    /// <summary>Most keys lie in two slots, the others in a few.</summary>
    public static string KeyName(uint number, int keys)
    {
        var id = number % (uint)keys;
        if (id % 50 == 49) return "{h}" + new string('k', 70_000) + id;
        return (id % 8) switch { 3 => "k" + id, 1 or 5 or 7 => "{g}" + id, _ => "{h}" + id };
    }

    public static byte[] ValueOf(uint number)
    {
        var length = (int)((number & 15) switch
        {
            0 => (number >> 4) % 40_000,
            4 => (number & 0x30) == 0 ? (number >> 6) % 300_000 : 70,
            1 or 2 => (number >> 4) % 700,
            3 => 0u,
            _ => (number >> 4) % 60,
        });
        var bytes = new byte[length];
        new Random((int)number).NextBytes(bytes);
        return bytes;
    }

    public void Run(uint operation, int keys)
    {
        var database = (int)(operation >> 3 & 7) == 0 ? 1 : 0;
        var number = new Random((int)(operation >> 1));
        var name = KeyName((uint)number.Next(), keys);
        var argument = (uint)number.Next();
        using (Keyspace.LockAll()) Apply(operation % 20, database, name, argument, keys);
    }

    /// <summary>Changes the length and a part of one of the longest strings.</summary>
    public void RunOnLongString(uint operation)
    {
        var longest = Model[0].Where(x => x.Value.Bytes.Length > 100_000).Select(x => x.Key).Order().Take(5).ToList();
        if (longest.Count == 0) return;
        using (Keyspace.LockAll()) Resize(0, longest[(int)(operation % longest.Count)], operation / 5);
    }

    public void Verify()
    {
        using (Keyspace.LockAll())
        {
            for (var i = 0; i < Databases; i++)
            {
                var database = Keyspace[i];
                Assert.Equal(i, database.Index);
                Assert.Equal(Model[i].Count, database.Count);
                Assert.Equal(Model[i].Count(x => x.Value.ExpiresAt != Entry.NoExpiry), database.ExpiringCount);
                foreach (var (name, value) in Model[i])
                {
                    Assert.True(database.TryFind(Keyspace.Key(Bytes(name)), out var entry));
                    value.AssertEqual(entry);
                }

                VerifySlots(i);
            }
        }
    }

    public void Dispose() => Keyspace.Dispose();

    public static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private void Apply(uint kind, int database, string name, uint argument, int keys)
    {
        var model = Model[database];
        var key = Keyspace.Key(Bytes(name));
        var expiresAt = argument % 3 == 0 ? argument : Entry.NoExpiry;
        switch (kind)
        {
            case < 8:
                Keyspace[database].SetString(key, ValueOf(argument), expiresAt, argument & 0xFFFFFF);
                model[name] = new Value(ValueOf(argument), expiresAt, false, argument & 0xFFFFFF);
                break;
            case < 12:
                Assert.Equal(model.Remove(name), Keyspace[database].Remove(key));
                if (argument % 2 == 0) Slots.Keyspace.Keyspace.FreeEmptyStripe(Keyspace[database], StripeSet.StripeOf(key.Slot));
                break;
            case < 15:
                Resize(database, name, argument);
                break;
            case < 17:
                Assert.Equal(model.TryGetValue(name, out var old), Keyspace[database].SetExpiry(key, expiresAt));
                if (old != null) model[name] = old with { ExpiresAt = expiresAt };
                break;
            case 17:
                MoveOrCopy(database, name, argument, keys);
                break;
            case 18 when argument % 4 == 0:
                var inSlot = model.Keys.Where(x => Slot(x) == Slot(name)).ToList();
                Assert.Equal(inSlot.Count, Keyspace[database].ClearSlot(key.Slot));
                foreach (var gone in inSlot) model.Remove(gone);
                break;
            case 19 when argument % 16 == 0:
                Keyspace[database].Clear();
                model.Clear();
                break;
            case 19 when argument % 16 == 1:
                Keyspace.Swap(0, 1);
                (Model[0], Model[1]) = (Model[1], Model[0]);
                break;
        }
    }

    private void Resize(int database, string name, uint argument)
    {
        if (!Model[database].TryGetValue(name, out var old)) return;
        var length = (int)(argument % 5 == 0 ? argument % 3000 : old.Bytes.Length + (argument % 40));
        var raw = argument % 2 == 0;
        var from = (int)(argument >> 8) % (length + 1);
        var count = Math.Min(length - from, (int)(argument >> 4) % (argument % 3 == 0 ? 100_000 : 30));
        var expected = new byte[length];
        old.Bytes.AsSpan(0, Math.Min(length, old.Bytes.Length)).CopyTo(expected);
        var span = Keyspace[database].ResizeString(Keyspace.Key(Bytes(name)), length, from, count, raw);
        Assert.True(span.SequenceEqual(expected));
        span.Slice(from, count).Fill((byte)argument);
        expected.AsSpan(from, count).Fill((byte)argument);
        Model[database][name] = old with { Bytes = expected, Raw = raw };
    }

    private void MoveOrCopy(int database, string name, uint argument, int keys)
    {
        var target = (int)(argument & 1);
        var other = KeyName(argument >> 2, keys);
        var from = Keyspace.Key(Bytes(name));
        var to = Keyspace.Key(Bytes(other));
        var there = Model[database].TryGetValue(name, out var value);
        var isMove = (argument & 2) == 0;
        Assert.Equal(there, isMove
            ? Keyspace[database].Move(from, Keyspace[target], to)
            : Keyspace[database].Copy(from, Keyspace[target], to));
        if (!there) return;
        if (isMove) Model[database].Remove(name);
        Model[target][other] = value!;
    }

    private void VerifySlots(int index)
    {
        var database = Keyspace[index];
        var bySlot = Model[index].GroupBy(x => Slot(x.Key)).ToDictionary(x => x.Key, x => x.ToList());
        Assert.Equal(bySlot.Keys.Order(), InUse(database, expiring: false));
        Assert.Equal(
            bySlot.Where(x => x.Value.Exists(y => y.Value.ExpiresAt != Entry.NoExpiry)).Select(x => x.Key).Order(),
            InUse(database, expiring: true));
        foreach (var (slot, keys) in bySlot)
        {
            Assert.Equal(keys.Count, database.CountInSlot(slot));
            var expiries = keys.Select(x => x.Value.ExpiresAt).Where(x => x != Entry.NoExpiry).ToList();
            Assert.Equal(expiries.Count, database.ExpiringCountInSlot(slot));
            var earliest = database.EarliestExpiryInSlot(slot);
            if (expiries.Count == 0) Assert.Equal(long.MaxValue, earliest);
            else Assert.True(earliest <= expiries.Min());
        }
    }

    private static List<int> InUse(Database database, bool expiring)
    {
        var slots = new List<int>();
        for (var slot = -1; (slot = database.NextSlotInUse(slot + 1, expiring)) >= 0;) slots.Add(slot);
        return slots;
    }

    private static int Slot(string key) => HashSlot.Of(Bytes(key));

    internal sealed record Value(byte[] Bytes, long ExpiresAt, bool Raw, uint Clock)
    {
        public void AssertEqual(in Entry entry)
        {
            Assert.True(entry.String.SequenceEqual(Bytes));
            Assert.Equal(ExpiresAt, entry.ExpiresAt);
            Assert.Equal(Raw, entry.IsRawString);
            Assert.Equal(Clock, entry.AccessClock);
            Assert.Equal(ValueKind.String, entry.Kind);
        }
    }
}
