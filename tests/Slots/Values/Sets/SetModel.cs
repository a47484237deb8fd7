using System.Globalization;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.Sets;

namespace Starling.Slots.Tests.Values.Sets;

/// <summary>Sets beside what they are to hold.</summary>
internal sealed class SetModel : IDisposable
{
    /// <summary>Two in one slot, one elsewhere.</summary>
    public static readonly string[] Names = ["{s}a", "{s}b", "c"];

    private static readonly long[] EdgeNumbers =
    [
        0, 127, 128, -128, -129, 32767, 32768, -32768, -32769, 8388607, 8388608, -8388608, -8388609, int.MaxValue, int.MaxValue + 1L, int.MinValue,
        int.MinValue - 1L, (1L << 47) - 1, 1L << 47, -(1L << 47), -(1L << 47) - 1, long.MaxValue, long.MinValue,
    ];

    private readonly ValueOptions _options;
    private readonly Dictionary<string, HashSet<string>> _sets = [];

    public SetModel(ValueOptions options)
    {
        _options = options;
        Keyspace.ValueOptions = options;
    }

    public delegate void Edition(SetValue set);

    public Keyspace.Keyspace Keyspace { get; } = new(new KeyspaceOptions { Databases = 2, HashSeed = 3 });

    public static ValueOptions Options(long intset, long listpack, long value = 64) =>
        new() { SetMaxIntsetEntries = intset, SetMaxListpackEntries = listpack, SetMaxListpackValue = value };

    public HashSet<string> Of(string name)
    {
        if (!_sets.TryGetValue(name, out var set)) _sets[name] = set = [];
        return set;
    }

    /// <summary>The sets as they are now, members in order.</summary>
    public Dictionary<string, List<string>> Copy() =>
        _sets.Where(pair => pair.Value.Count > 0).ToDictionary(pair => pair.Key, pair => pair.Value.Order(StringComparer.Ordinal).ToList());

    public Snapshot Start()
    {
        using (Keyspace.LockAll()) return Keyspace.StartSnapshot();
    }

    public void Edit(string name, Edition edit)
    {
        var key = Keyspace.Key(DatabaseModel.Bytes(name));
        using var scope = Keyspace.LockSlot(key.Slot);
        Keyspace[0].TryFind(key, out var entry);
        edit(Keyspace[0].Open<SetValue>(key, entry, 0));
    }

    public void Fill(string name, int count, Func<int, string>? member = null)
    {
        for (var i = 0; i < count; i++) Add(name, member is null ? $"member {i}" : member(i));
    }

    public void Add(string name, string member)
    {
        var isNew = Of(name).Add(member);
        Edit(name, set => Assert.Equal(isNew, set.Add(DatabaseModel.Bytes(member))));
    }

    public void Remove(string name, string member)
    {
        var wasThere = Of(name).Remove(member);
        Edit(name, set => Assert.Equal(wasThere, set.Remove(DatabaseModel.Bytes(member))));
    }

    public void Change(Random random)
    {
        var name = Names[random.Next(Names.Length)];
        var set = Of(name);
        switch (random.Next(12))
        {
            case < 6:
                Add(name, NewMember(random));
                break;
            case < 9:
                Remove(name, AnyMember(random, set));
                break;
            case 9 when set.Count > 0:
                var left = random.Next(1, 4);
                foreach (var member in set.Order(StringComparer.Ordinal).Skip(left).ToList()) Remove(name, member);
                break;
            case 10 when random.Next(4) == 0:
                Move(name, Names[random.Next(Names.Length)], random);
                break;
            case 11 when random.Next(6) == 0:
                Edit(name, each => each.Clear());
                set.Clear();
                break;
            default:
                var from = random.Next(50);
                Fill(name, random.Next(30), i => Text(from + i));
                break;
        }
    }

    /// <summary>Every way of reading agrees with the model, and the form with the rules.</summary>
    public void Verify()
    {
        foreach (var name in Names)
        {
            var expected = Of(name).Order(StringComparer.Ordinal).ToList();
            Assert.Equal(expected, SavedSets.Read(Keyspace, name));
            Edit(name, set => Verify(set, expected));
        }
    }

    public void DeleteAll()
    {
        using (Keyspace.LockAll())
        {
            Keyspace[0].Clear();
            Keyspace[1].Clear();
        }

        while (Keyspace.Freeing.FreeSome())
        {
        }

        Assert.Equal(0, Keyspace.UsedBytes);
        _sets.Clear();
    }

    public void Dispose() => Keyspace.Dispose();

    public string Encoding(string name)
    {
        Assert.True(Keyspace[0].TryFind(Keyspace.Key(DatabaseModel.Bytes(name)), out var entry));
        return SavedKeys.Text(entry.EncodingName);
    }

    private void Verify(SetValue set, List<string> expected)
    {
        Assert.Equal(expected.Count > 0, set.Exists);
        Assert.Equal(expected.Count, set.Count);
        if (!set.Exists) return;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var picked = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < expected.Count; i++)
        {
            picked.Add(SavedKeys.Text(set.View.At(i).Text(scratch)));
            Assert.True(set.View.Contains(DatabaseModel.Bytes(expected[i])));
        }

        Assert.True(picked.SetEquals(expected));
        foreach (var member in set.View) Assert.True(set.View.Contains(member));
        foreach (var other in new[] { "", "no member", "99999999999", "-7777", "00" })
            Assert.Equal(expected.Contains(other), set.View.Contains(DatabaseModel.Bytes(other)));
        VerifyForm(set.View, expected);
    }

    private void VerifyForm(SetView view, List<string> expected)
    {
        if (view.IsLarge) return;
        if (view.IsIntset) Assert.True(expected.Count <= _options.SetMaxIntsetEntries);
        else Assert.True(expected.Count <= _options.SetMaxListpackEntries && expected.Max(each => each.Length) <= _options.SetMaxListpackValue);
    }

    private void Move(string name, string target, Random random)
    {
        if (name == target) return;
        var from = Keyspace.Key(DatabaseModel.Bytes(name));
        var to = Keyspace.Key(DatabaseModel.Bytes(target));
        if (random.Next(2) == 0)
        {
            if (Keyspace[0].Move(from, Keyspace[0], to)) (_sets[target], _sets[name]) = (_sets[name], []);
        }
        else if (Keyspace[0].Copy(from, Keyspace[0], to))
        {
            _sets[target] = [.. Of(name)];
        }
    }

    private static string AnyMember(Random random, HashSet<string> set) =>
        set.Count > 0 && random.Next(4) > 0 ? set.Order(StringComparer.Ordinal).ElementAt(random.Next(set.Count)) : NewMember(random);

    private static string NewMember(Random random) => random.Next(24) switch
    {
        0 => "",
        1 => Text(EdgeNumbers[random.Next(EdgeNumbers.Length)]),
        2 => Text(random.NextInt64() >> random.Next(64)),
        3 => "0" + Text(random.Next(5)),
        4 => new string('x', random.Next(200)),
        5 => $"member {random.Next(40)}",
        6 => "9223372036854775808",
        _ => Text(random.Next(200) - 100),
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
