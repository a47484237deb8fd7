using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Execution;

/// <summary>The effects of one command or transaction, encoded as RESP commands one after another.</summary>
internal sealed class EffectBuffer
{
    /// <summary>Most bytes that the effects of one command or transaction may have.</summary>
    public const int MaxLength = 2_000_000_000;

    private const int KeptLength = 64 * 1024;
    private const int HeadLength = 16; // at most: type, decimal digits, end of line
    private const int SelectLength = 64; // at most

    private byte[] _bytes = new byte[256];
    private int _used;
    private int _database = -1;
    private int _open; // where the arguments of the effect begin that is not ended yet; 0 for none

    /// <summary>The database of the first effect.</summary>
    public int FirstDatabase { get; private set; } = -1;

    /// <summary>Number of effects, without the SELECTs between them.</summary>
    public int Count { get; private set; }

    /// <summary>The database of the last effect.</summary>
    public int LastDatabase => _database;

    /// <summary>
    /// The effects, with a SELECT wherever the database changes. An effect left open would go to every replica as garbage:
    /// it stops the process.
    /// </summary>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            Invariant.That(_open == 0);
            return _bytes.AsSpan(0, _used);
        }
    }

    /// <summary>Most bytes that a call takes as an effect, with a SELECT before it.</summary>
    public static long LengthOf(ArgumentList arguments) =>
        SelectLength + HeadLength + arguments.TotalLength + ((HeadLength + 2L) * arguments.Count);

    /// <summary>Begins an effect.</summary>
    public void Begin(int database, int argumentCount)
    {
        Turn(database);
        Head((byte)'*', argumentCount);
    }

    /// <summary>An argument of the effect begun last.</summary>
    public void Argument(ReadOnlySpan<byte> argument)
    {
        Reserve(argument.Length + RespEncoder.LongestHead);
        _used += RespEncoder.WriteBulk(_bytes.AsSpan(_used), argument);
    }

    /// <summary>
    /// Begins an effect whose number of arguments shows only at its end: returns what <see cref="EndOpen"/> wants.
    /// </summary>
    public int BeginOpen(int database)
    {
        Turn(database);
        Reserve(HeadLength);
        _used += HeadLength;
        _open = _used;
        return _used;
    }

    /// <summary>Ends an effect begun with <see cref="BeginOpen"/>: puts its head in front of its arguments.</summary>
    public void EndOpen(int start, int argumentCount)
    {
        Invariant.That(start == _open);
        _open = 0;
        Span<byte> head = stackalloc byte[HeadLength];
        var length = RespEncoder.WriteHead(head, (byte)'*', argumentCount);
        var gap = HeadLength - length;
        head[..length].CopyTo(_bytes.AsSpan(start - HeadLength));
        _bytes.AsSpan(start, _used - start).CopyTo(_bytes.AsSpan(start - gap));
        _used -= gap;
    }

    /// <summary>An argument of the effect begun last.</summary>
    public void Argument(EffectArgument argument)
    {
        if (!argument.IsNumber)
        {
            Argument(argument.Bytes);
            return;
        }

        Reserve(2 * RespEncoder.LongestHead);
        _used += RespEncoder.WriteBulk(_bytes.AsSpan(_used), argument.Number);
    }

    /// <summary>DEL key, or UNLINK key.</summary>
    /// <param name="database">The key's database.</param>
    /// <param name="key">The key.</param>
    /// <param name="lazily">UNLINK: whoever executes it leaves more of a large value to the background.</param>
    public void Delete(int database, ReadOnlySpan<byte> key, bool lazily)
    {
        Begin(database, 2);
        Argument(lazily ? "UNLINK"u8 : "DEL"u8);
        Argument(key);
    }

    /// <summary>A whole call as an effect.</summary>
    public void Call(int database, ArgumentList arguments)
    {
        if (arguments.Whole is { Length: > 0 } whole)
        {
            Turn(database);
            Reserve(whole.Length);
            whole.CopyTo(_bytes.AsSpan(_used));
            _used += whole.Length;
            return;
        }

        Begin(database, arguments.Count);
        for (var i = 0; i < arguments.Count; i++) Argument(arguments[i]);
    }

    /// <summary>Empties the buffer.</summary>
    public void Clear()
    {
        _used = 0;
        _database = -1;
        FirstDatabase = -1;
        Count = 0;
        if (_bytes.Length > KeptLength) _bytes = new byte[256];
    }

    private void Turn(int database)
    {
        Invariant.That(_open == 0);
        if (Count == 0) FirstDatabase = database;
        else if (database != _database) Select(database);
        _database = database;
        Count++;
    }

    private void Select(int database)
    {
        _database = database;
        Head((byte)'*', 2);
        Argument("SELECT"u8);
        Argument((long)database);
    }

    private void Head(byte type, int count)
    {
        Reserve(HeadLength);
        _used += RespEncoder.WriteHead(_bytes.AsSpan(_used), type, count);
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - _used >= count) return;
        var wanted = Math.Max(_bytes.Length * 2L, (long)_used + count);
        Array.Resize(ref _bytes, (int)Math.Min(wanted, Array.MaxLength));
    }
}
