using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

/// <summary>What is deleted is freed in steps, each of which is short.</summary>
public sealed class FreeingTests
{
    private const int Piece = 2 << 20;

    [Theory]
    [InlineData(0, 64 << 20)]
    [InlineData(400_000, 32)]
    public void A_cleared_database_is_freed_in_small_steps(int keys, int longest)
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        for (var i = 0; i < keys; i++) Set(keyspace, "key " + i, "value"u8);
        Set(keyspace, "longest", new byte[longest]);
        var bytes = keyspace.UsedBytes;
        using (keyspace.LockAll()) keyspace[0].Clear(lazily: true);
        Assert.Equal(keys + 1, keyspace.Freeing.PendingObjects);
        var steps = 1L;
        while (keyspace.Freeing.FreeSome()) steps++;
#if DEBUG
        // There, the first step frees the entries one by one, the long string with them, to find what leaked.
        Assert.InRange(steps, keys * 32L / Piece, bytes);
#else
        Assert.InRange(steps, bytes / Piece, bytes);
#endif
        Assert.Equal(0, keyspace.UsedBytes);
        Assert.Equal(0, keyspace.Freeing.PendingObjects);
        Assert.Equal(keys + 1, keyspace.Freeing.FreedObjects);
    }

    [Fact]
    public void Keys_are_set_while_a_cleared_database_is_half_freed()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        Set(keyspace, "large", new byte[16 << 20]);
        using (keyspace.LockAll()) keyspace[0].Clear();
        Assert.True(keyspace.Freeing.FreeSome());
        Set(keyspace, "large", new byte[16 << 20]);
        Set(keyspace, "small", "value"u8);
        var used = keyspace[0].UsedBytes;
        while (keyspace.Freeing.FreeSome())
        {
        }

        Assert.Equal(2, keyspace[0].Count);
        Assert.Equal(used, keyspace.UsedBytes);
    }

    private static void Set(Keyspace.Keyspace keyspace, string name, ReadOnlySpan<byte> value)
    {
        var key = keyspace.Key(DatabaseModel.Bytes(name));
        using var scope = keyspace.LockSlot(key.Slot);
        keyspace[0].SetString(key, value, Entry.NoExpiry, 0);
    }
}
