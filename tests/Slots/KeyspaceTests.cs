using System.Text;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

public sealed class KeyspaceTests
{
    [Fact]
    public void A_key_that_was_set_is_found_with_value_and_expiry()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var database = keyspace[0];
        var key = keyspace.Key("name"u8);
        using (keyspace.LockSlot(key.Slot))
        {
            Assert.False(database.TryFind(key, out _));
            database.SetString(key, "value"u8, 77, 5);
            Assert.True(database.TryFind(key, out var entry));
            Assert.Equal("value", Encoding.ASCII.GetString(entry.String));
            Assert.Equal("name", Encoding.ASCII.GetString(entry.Key));
            Assert.Equal(77, entry.ExpiresAt);
            Assert.Equal(5u, entry.AccessClock);
            Assert.True(database.Remove(key));
            Assert.False(database.TryFind(key, out _));
        }
    }
}
