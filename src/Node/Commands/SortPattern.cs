using Starling.Node.Serving;
using Starling.Slots.Memory;
using Starling.Slots.Values;
using Starling.Slots.Values.Hashes;

namespace Starling.Node.Commands;

/// <summary>
/// A pattern of SORT's BY and GET: the first asterisk stands for the element, and the whole names a key with a string, or,
/// with "->field" behind it, a field of a hash. "#" is the element itself. As in Redis a zero byte ends what is looked
/// through for these signs, but not the name of the key.
/// </summary>
internal readonly ref struct SortPattern
{
    private readonly ReadOnlySpan<byte> _before;
    private readonly ReadOnlySpan<byte> _behind;

    public SortPattern(ReadOnlySpan<byte> text)
    {
        var searched = UpToZero(text);
        IsElement = searched is [(byte)'#'];
        var asterisk = searched.IndexOf((byte)'*');
        IsNoKey = asterisk < 0;
        if (IsNoKey) return;
        _before = text[..asterisk];
        _behind = text[(asterisk + 1)..];
        var arrow = searched[(asterisk + 1)..].IndexOf("->"u8);
        if (arrow < 0 || asterisk + 1 + arrow + 2 == searched.Length) return;
        Field = _behind[(arrow + 2)..];
        _behind = _behind[..arrow];
    }

    /// <summary>The pattern is "#".</summary>
    public bool IsElement { get; }

    /// <summary>There is no asterisk: the pattern leads to no key.</summary>
    public bool IsNoKey { get; }

    /// <summary>The field of a hash; empty when a string is meant.</summary>
    public ReadOnlySpan<byte> Field { get; }

    /// <summary>There is an asterisk in a pattern.</summary>
    public static bool HasAsterisk(ReadOnlySpan<byte> text) => UpToZero(text).Contains((byte)'*');

    /// <summary>Finds what the pattern means for an element; false when there is nothing.</summary>
    /// <param name="call">The call, which holds every stripe when the pattern leads to a key.</param>
    /// <param name="element">The element.</param>
    /// <param name="value">What was found: the element itself, or bytes that are dead after the next change.</param>
    public bool TryFind(CommandContext call, ReadOnlySpan<byte> element, out ReadOnlySpan<byte> value)
    {
        value = IsElement ? element : default;
        if (IsNoKey) return IsElement;
        var length = _before.Length + element.Length + _behind.Length;
        var buffer = ScratchArrays.Rent<byte>(length);
        _before.CopyTo(buffer);
        element.CopyTo(buffer.AsSpan(_before.Length));
        _behind.CopyTo(buffer.AsSpan(_before.Length + element.Length));
        var isFound = TryRead(call, buffer.AsSpan(0, length), out value);
        ScratchArrays.Return(buffer);
        return isFound;
    }

    private bool TryRead(CommandContext call, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        var key = call.Keyspace.Key(name);
        if (!Field.IsEmpty)
        {
            if (!call.TryFind<HashValue>(key, out var hash)) return false;
            if (call.Session.Origin != ClientOrigin.Master) hash.Now = call.Now;
            if (!hash.TryGet(Field, out var inField)) return false;
            value = inField.Text(new byte[ListElement.ScratchLength]);
            return true;
        }

        if (!call.TryFind<StringValue>(key, out var found)) return false;
        value = found.Bytes;
        return true;
    }

    private static ReadOnlySpan<byte> UpToZero(ReadOnlySpan<byte> text)
    {
        var zero = text.IndexOf((byte)0);
        return zero < 0 ? text : text[..zero];
    }
}
