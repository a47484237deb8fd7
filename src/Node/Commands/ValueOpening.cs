using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>
/// How handlers come to the value of a key: judged as to expiry, counted, stamped with the time of access, and of the
/// kind that they expect.
/// </summary>
public static class ValueOpening
{
    /// <summary>
    /// Opens the value of a key for reading (see <see cref="CommandContext.TryRead(in Key, out Entry)"/>); a key that
    /// is not there opens as a value that does not exist. False when the key holds another kind and that is replied.
    /// </summary>
    public static bool TryRead<TValue>(this CommandContext call, scoped in Key key, out TValue value)
        where TValue : IValue<TValue>, allows ref struct
    {
        call.TryRead(key, out var entry);
        return TryOpen(call, key, entry, out value);
    }

    /// <summary>
    /// Opens the value of a key for changing it (see <see cref="CommandContext.TryWrite(in Key, out Entry)"/>); a key
    /// that is not there opens as a value that does not exist. False when the key holds another kind and that is
    /// replied.
    /// </summary>
    public static bool TryOpen<TValue>(this CommandContext call, scoped in Key key, out TValue value)
        where TValue : IValue<TValue>, allows ref struct
    {
        call.TryWrite(key, out var entry);
        return TryOpen(call, key, entry, out value);
    }

    /// <summary>
    /// Opens the value of a key for reading where another kind is no error: false when there is none of this kind.
    /// </summary>
    public static bool TryFind<TValue>(this CommandContext call, scoped in Key key, out TValue value)
        where TValue : IValue<TValue>, allows ref struct
    {
        if (call.TryRead(key, out var entry) && entry.Holds<TValue>())
        {
            value = call.Database.Open<TValue>(key, entry, call.AccessClock, call);
            return true;
        }

        value = default!;
        return false;
    }

    /// <summary>Makes or replaces a key (of any kind) with a string, which counts as an access to what was there.</summary>
    /// <param name="call">The call.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The string.</param>
    /// <param name="expiresAt">Expiry in milliseconds of Unix time, or <see cref="Entry.NoExpiry"/>.</param>
    public static void SetString(this CommandContext call, scoped in Key key, ReadOnlySpan<byte> value, long expiresAt)
    {
        if (call.Node.Access.CountsFrequency && call.Database.TryFind(key, out var old)) call.Touch(call.Database, old);
        call.Database.SetString(key, value, expiresAt, call.AccessClock);
    }

    private static bool TryOpen<TValue>(CommandContext call, scoped in Key key, Entry entry, out TValue value)
        where TValue : IValue<TValue>, allows ref struct
    {
        if (entry.IsPresent && !entry.Holds<TValue>())
        {
            call.Reply.Error(ErrorReplies.WrongType);
            value = default!;
            return false;
        }

        value = call.Database.Open<TValue>(key, entry, call.AccessClock, call);
        return true;
    }
}
