using System.Globalization;
using Starling.Slots.Keyspace;
using Starling.Slots.Memory;
using Starling.Slots.Values;
using Starling.Slots.Values.Sets;

namespace Starling.Slots.Tests.Values.Sets;

/// <summary>A set does what a managed one of its members' texts does, whatever its form.</summary>
public sealed class SetModelTests
{
    [Theory]
    [InlineData(512, 128, 64)]
    [InlineData(40, 128, 64)]
    [InlineData(8, 8, 8)]
    [InlineData(1000, 4, 20)]
    [InlineData(0, 16, 64)]
    [InlineData(0, 0, 0)]
    [InlineData(1000, 1000, 2)]
    public void A_set_agrees_with_a_managed_one(long intset, long listpack, long value) =>
        Operations.Check(15, 700, operations =>
        {
            using var model = new SetModel(SetModel.Options(intset, listpack, value));
            for (var i = 0; i < operations.Length; i++)
            {
                model.Change(new Random((int)(operations[i] >> 1)));
                if (i % 50 == 0) model.Verify();
            }

            model.Verify();
            model.DeleteAll();
        });

    [Fact]
    public void Integers_of_every_width_are_kept_in_order_and_found()
    {
        using var model = new SetModel(ValueOptions.Default);
        for (var shift = 63; shift >= 0; shift--)
        {
            foreach (var number in new[] { long.MinValue >> shift, -(long.MinValue >> shift) - 1, (1L << shift) + 1 })
                model.Add("c", number.ToString(CultureInfo.InvariantCulture));
            model.Verify();
        }

        Assert.Equal("intset", model.Encoding("c"));
        model.Edit("c", set =>
        {
            for (var i = 1; i < set.Count; i++)
            {
                Assert.True(set.View.At(i - 1).TryNumber(out var before));
                Assert.True(set.View.At(i).TryNumber(out var number));
                Assert.True(before < number);
            }
        });
        foreach (var member in model.Of("c").ToList()) model.Remove("c", member);
        model.Verify();
        model.DeleteAll();
    }

    [Fact]
    public void A_set_is_converted_by_the_rules_of_redis_7_2()
    {
        using var model = new SetModel(SetModel.Options(4, 3, 5));
        model.Fill("c", 4, Text);
        Assert.Equal("intset", model.Encoding("c"));
        model.Add("c", "4");
        Assert.Equal("hashtable", model.Encoding("c"));
        model.Fill("{s}a", 2, Text);
        model.Add("{s}a", "x");
        Assert.Equal("listpack", model.Encoding("{s}a"));
        model.Add("{s}a", "too long");
        Assert.Equal("hashtable", model.Encoding("{s}a"));
        model.Remove("{s}a", "too long");
        Assert.Equal("hashtable", model.Encoding("{s}a"));

        // Three integers and a text are one too many for a listpack; a long integer is too long for it.
        model.Fill("{s}b", 3, Text);
        model.Add("{s}b", "x");
        Assert.Equal("hashtable", model.Encoding("{s}b"));
        model.Edit("{s}b", set => set.Clear());
        model.Of("{s}b").Clear();
        model.Add("{s}b", "123456");
        model.Add("{s}b", "x");
        Assert.Equal("hashtable", model.Encoding("{s}b"));
        model.Verify();
    }

    [Theory]
    [InlineData(4, "1", "intset")]
    [InlineData(5, "1", "hashtable")]
    [InlineData(3, "x", "listpack")]
    [InlineData(4, "x", "hashtable")]
    public void A_set_gets_the_form_for_as_many_members_as_are_expected(long members, string first, string encoding)
    {
        using var model = new SetModel(SetModel.Options(4, 3));
        model.Edit("c", set =>
        {
            set.Expect(members);
            set.Add(DatabaseModel.Bytes(first));
        });
        Assert.Equal(encoding, model.Encoding("c"));
        model.Add("{s}a", first);
        model.Edit("{s}a", set => set.Expect(members));
        Assert.Equal(encoding, model.Encoding("{s}a"));
    }

    [Fact]
    public void A_set_of_fifty_small_integers_takes_little_more_than_these()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        var key = keyspace.Key("k"u8);
        for (var i = 0; i < 50; i++)
        {
            keyspace[0].TryFind(key, out var entry);
            keyspace[0].Open<SetValue>(key, entry, 0).Add(DatabaseModel.Bytes(Text(100_000 + (i * 1000))));
        }

        keyspace[0].TryFind(key, out var made);
        Assert.Equal(NativeHeap.CountedBytes(8 + 16 + 1) + NativeHeap.CountedBytes(152), made.AllocatedBytes);
    }

    [Fact]
    public void The_hot_operations_allocate_no_managed_memory()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        Work(keyspace);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Work(keyspace);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Work(Keyspace.Keyspace keyspace)
    {
        Span<byte> text = stackalloc byte[ListElement.ScratchLength];
        var key = keyspace.Key("set"u8);
        for (var i = 0; i < 2000; i++)
        {
            using var held = keyspace.LockSlot(key.Slot);
            keyspace[0].TryFind(key, out var entry);
            var set = keyspace[0].Open<SetValue>(key, entry, 1);
            System.Buffers.Text.Utf8Formatter.TryFormat(i, text, out var length);
            set.Add(text[..length]);
            if (i == 300) set.Add("no integer"u8);
            if (!set.View.Contains(text[..length])) throw new InvalidOperationException();
            if (i % 3 == 0) set.Remove(set.View.At(set.Count / 2).Text(text));
        }

        keyspace[0].Remove(key);
        while (keyspace.Freeing.FreeSome())
        {
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
