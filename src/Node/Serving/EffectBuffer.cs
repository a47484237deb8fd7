using System.Buffers.Text;
using Starling.Resp;

namespace Starling.Node.Serving;

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

    /// <summary>The database of the first effect.</summary>
    public int FirstDatabase { get; private set; } = -1;

    /// <summary>Number of effects, without the SELECTs between them.</summary>
    public int Count { get; private set; }

    /// <summary>The database of the last effect.</summary>
    public int LastDatabase => _database;

    /// <summary>The effects, with a SELECT wherever the database changes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _used);

    /// <summary>Most bytes that a call takes as an effect, with a SELECT before it.</summary>
    public static long LengthOf(ArgumentList arguments) =>
        SelectLength + HeadLength + arguments.TotalLength + ((HeadLength + 2L) * arguments.Count);

    /// <summary>Begins an effect.</summary>
    public void Begin(int database, int argumentCount)
    {
        if (Count == 0) FirstDatabase = database;
        else if (database != _database) Select(database);
        _database = database;
        Count++;
        Head((byte)'*', argumentCount);
    }

    /// <summary>An argument of the effect begun last.</summary>
    public void Argument(ReadOnlySpan<byte> argument)
    {
        Head((byte)'$', argument.Length);
        Reserve(argument.Length + 2);
        argument.CopyTo(_bytes.AsSpan(_used));
        _used += argument.Length;
        _bytes[_used++] = (byte)'\r';
        _bytes[_used++] = (byte)'\n';
    }

    /// <summary>A whole call as an effect.</summary>
    public void Call(int database, ArgumentList arguments)
    {
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

    private void Select(int database)
    {
        _database = database;
        Head((byte)'*', 2);
        Argument("SELECT"u8);
        Span<byte> digits = stackalloc byte[11];
        Utf8Formatter.TryFormat(database, digits, out var length);
        Argument(digits[..length]);
    }

    private void Head(byte type, int count)
    {
        Reserve(HeadLength);
        var span = _bytes.AsSpan(_used);
        span[0] = type;
        Utf8Formatter.TryFormat(count, span[1..], out var written);
        span[written + 1] = (byte)'\r';
        span[written + 2] = (byte)'\n';
        _used += written + 3;
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - _used >= count) return;
        var wanted = Math.Max(_bytes.Length * 2L, (long)_used + count);
        Array.Resize(ref _bytes, (int)Math.Min(wanted, Array.MaxLength));
    }
}
