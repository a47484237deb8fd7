using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.Hashes;

/// <summary>
/// A small hash that lies in its entry: a listpack of fields and values, without a root. So that the block is not larger
/// than it must be, it is made anew whenever it outgrows its size class.
/// </summary>
internal static unsafe class InlinePack
{
    /// <summary>A longer listpack gets a block of its own, so that fields come and go without copying the key.</summary>
    public const int LongestBytes = 512;

    /// <summary>Makes a key with a hash of one field.</summary>
    public static void Create(
        scoped ref ValueAccess access, scoped ReadOnlySpan<byte> field, scoped ReadOnlySpan<byte> value)
    {
        var fieldLength = (int)Listpack.EntryLength(field);
        var length = Listpack.EmptyBytes + fieldLength + (int)Listpack.EntryLength(value);
        fixed (byte* start = access.CreateInline(ValueKind.Hash, length))
        {
            Listpack.Write(start + Listpack.HeaderBytes, field);
            Listpack.Write(start + Listpack.HeaderBytes + fieldLength, value);
            start[length - 1] = Listpack.End;
            Listpack.WriteHeader(start, length, 2);
        }
    }

    /// <summary>Sets a field.</summary>
    /// <param name="access">The way to the hash.</param>
    /// <param name="field">The field.</param>
    /// <param name="value">The value.</param>
    /// <param name="limits">How large a listpack may be.</param>
    /// <param name="added">The field was not there.</param>
    /// <returns>False when the hash would be too large to lie in its entry; nothing is changed then.</returns>
    public static bool TrySet(
        scoped ref ValueAccess access,
        scoped ReadOnlySpan<byte> field,
        scoped ReadOnlySpan<byte> value,
        in HashLimits limits,
        out bool added)
    {
        added = false;
        if (limits.ForbidLength(field.Length) || limits.ForbidLength(value.Length)) return false;
        var root = HashRoot.Of(access.View);
        var length = HashPack.Bytes(root).Length;
        var valueLength = (int)Listpack.EntryLength(value);
        var at = HashPack.Find(root, field);
        if (at != null)
        {
            if (limits.ForbidCount(HashPack.Count(root))) return false;
            var entry = HashPack.ValueOf(at);
            var delta = valueLength - Listpack.EntryLength(entry);
            if (length + delta > LongestBytes) return false;
            var offset = (int)(entry - root.Address);
            Splice(ref access, length, offset, valueLength - delta, valueLength, out var start);
            Listpack.Write(start + offset, value);
            return true;
        }

        var fieldLength = (int)Listpack.EntryLength(field);
        var count = HashPack.Count(root);
        if (length + fieldLength + valueLength > LongestBytes || limits.ForbidCount(count + 1)) return false;
        Splice(ref access, length, length - 1, 0, fieldLength + valueLength, out var grown);
        Listpack.Write(grown + length - 1, field);
        Listpack.Write(grown + length - 1 + fieldLength, value);
        Listpack.WriteHeader(grown, length + fieldLength + valueLength, (int)(count + 1) * 2);
        added = true;
        return true;
    }

    /// <summary>Removes a field; false when it is not there.</summary>
    public static bool TryRemove(scoped ref ValueAccess access, scoped ReadOnlySpan<byte> field)
    {
        var root = HashRoot.Of(access.View);
        var at = HashPack.Find(root, field);
        if (at == null) return false;
        var length = HashPack.Bytes(root).Length;
        var count = HashPack.Count(root);
        var removed = (int)(HashPack.Next(root, at) - at);
        Splice(ref access, length, (int)(at - root.Address), removed, 0, out var start);
        Listpack.WriteHeader(start, length - removed, (int)(count - 1) * 2);
        return true;
    }

    /// <summary>Gives the hash a block of its own.</summary>
    public static void MoveOut(scoped ref ValueAccess access)
    {
        var pack = HashPack.MakeOf(access.Memory, HashEncoding.Pack, HashPack.Bytes(HashRoot.Of(access.View)), 0);
        access.MoveOut(pack);
    }

    /// <summary>Replaces bytes of the listpack by others, which are left undefined, and sets its length.</summary>
    private static void Splice(
        scoped ref ValueAccess access, int length, int offset, int removed, int added, out byte* start)
    {
        access.BeginInlineChange();
        var delta = added - removed;
        var behind = length - offset - removed;
        if (delta < 0)
        {
            start = HashRoot.Of(access.View).Address;
            Buffer.MemoryCopy(start + offset + removed, start + offset + added, behind, behind);
        }

        access.ResizeInline(length + delta);
        start = HashRoot.Of(access.View).Address;
        if (delta > 0) Buffer.MemoryCopy(start + offset + removed, start + offset + added, behind, behind);
        Listpack.WriteLength(start, length + delta);
    }
}
