using Starling.Node.Expiry;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Hashes;

namespace Starling.Node.Commands;

/// <summary>
/// How handlers come to the hash of a key. Expired fields are not seen; a master removes some of them first, which may take
/// the key away, while on a replica they stay until the master's HDEL comes.
/// </summary>
internal static class HashOpening
{
    /// <summary>Opens the hash of a key for reading; as <see cref="ValueOpening"/> does with any value.</summary>
    public static bool TryReadHash(this CommandContext call, scoped in Key key, out HashValue hash)
    {
        if (!call.TryRead(key, out hash)) return false;
        if (hash.EarliestExpiry != long.MaxValue) HideExpired(call, key, ref hash);
        return true;
    }

    /// <summary>Opens the hash of a key for changing it; as <see cref="ValueOpening"/> does with any value.</summary>
    public static bool TryOpenHash(this CommandContext call, scoped in Key key, out HashValue hash)
    {
        if (!call.TryOpen(key, out hash)) return false;
        if (hash.EarliestExpiry != long.MaxValue) HideExpired(call, key, ref hash);
        return true;
    }

    private static void HideExpired(CommandContext call, scoped in Key key, ref HashValue hash)
    {
        // The master decides, by its HDEL; and nothing expires before it is all there.
        if (call.Session.Origin == ClientOrigin.Master || call.Node.Persistence.IsLoading) return;
        hash.Now = call.Now;
        if (hash.EarliestExpiry <= call.Now && call.Node.Expiry.MayDelete)
            FieldExpiry.RemoveSome(call, call.Database, key, ref hash);
    }
}
