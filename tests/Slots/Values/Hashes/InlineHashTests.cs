using Starling.Slots.Keyspace;
using Starling.Slots.Tests.Values.Elements;
using Starling.Slots.Values;
using Starling.Slots.Values.Hashes;

namespace Starling.Slots.Tests.Values.Hashes;

/// <summary>Small hashes lie in the entries of their keys.</summary>
public sealed class InlineHashTests
{
    [Fact]
    public void A_small_hash_takes_little_more_than_its_listpack()
    {
        using var model = new HashModel(ValueOptions.Default);
        for (var i = 0; i < 10; i++) model.Set("c", "field" + i, "value" + i);
        Assert.True(model.Keyspace[0].TryFind(model.Key("c"), out var entry));
        var listpack = Listpack.EmptyBytes + (10 * (Listpack.EntryLength("field0"u8) + Listpack.EntryLength("value0"u8)));
        Assert.InRange(entry.AllocatedBytes, listpack + 9, listpack + 32);
    }

    [Fact]
    public void Fields_that_are_announced_and_those_that_are_not_make_hashes_of_the_same_size()
    {
        using var model = new HashModel(ValueOptions.Default);
        for (var i = 0; i < 10; i++) model.Set("{h}a", "field" + i, "value" + i);
        var hash = model.Open("{h}b");
        hash.Reserve(1000);
        for (var i = 0; i < 10; i++) hash.Set(ElementModel.Bytes("field" + i), ElementModel.Bytes("value" + i));
        hash.Settle();
        model.Hashes["{h}b"] = new Dictionary<string, (string Value, long ExpiresAt)>(model.Hashes["{h}a"]);
        model.Verify();
        Assert.True(model.Keyspace[0].TryFind(model.Key("{h}a"), out var first));
        Assert.True(model.Keyspace[0].TryFind(model.Key("{h}b"), out var second));
        Assert.Equal(first.AllocatedBytes, second.AllocatedBytes);
    }

    [Fact]
    public void Setting_and_removing_fields_allocates_no_managed_memory()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        Work(keyspace);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Work(keyspace);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Work(Keyspace.Keyspace keyspace)
    {
        Span<byte> field = stackalloc byte[4];
        var key = keyspace.Key("hash"u8);
        for (var i = 0; i < 3000; i++)
        {
            using var held = keyspace.LockSlot(key.Slot);
            keyspace[0].TryFind(key, out var entry);
            var hash = keyspace[0].Open<HashValue>(key, entry, 1);
            BitConverter.TryWriteBytes(field, i % 700);
            if (i % 5 == 4) hash.Remove(field);
            else hash.Set(field, "some value"u8);
            hash.TryGet(field, out _);
        }

        keyspace[0].Remove(key);
    }
}
