using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Execution;

/// <summary>
/// The effects of one command or transaction, encoded as RESP commands one after another. They lie in pieces, as many as they need: what
/// a handler has changed by the time that it tells its effects must go to the log, however long the names and members are that it found.
/// </summary>
/// <param name="pieceLength">The length, in bytes, from which on a new piece is begun; a longer argument has a piece of its own.</param>
internal sealed class EffectBuffer(int pieceLength = EffectBuffer.PieceLength)
{
    /// <summary>Most bytes that the calls queued in one transaction may have.</summary>
    public const int MaxLength = 2_000_000_000;

    private const int PieceLength = 64 * 1024 * 1024;
    private const int FirstLength = 256;
    private const int KeptLength = 64 * 1024;
    private const int HeadLength = 16; // at most: type, decimal digits, end of line
    private const int SelectLength = 64; // at most

    private readonly List<ArraySegment<byte>> _pieces = []; // those that are full, in order
    private byte[] _bytes = new byte[Math.Min(FirstLength, pieceLength)];
    private int _used;
    private int _database = -1;
    private int _open; // where the arguments of the effect begin that is not ended yet, in its piece; 0 for none
    private int _openPiece; // that piece; as many as are full for the last one

    /// <summary>The database of the first effect.</summary>
    public int FirstDatabase { get; private set; } = -1;

    /// <summary>Number of effects, without the SELECTs between them.</summary>
    public int Count { get; private set; }

    /// <summary>The database of the last effect.</summary>
    public int LastDatabase => _database;

    /// <summary>Number of the pieces in which the effects lie.</summary>
    public int PieceCount => _pieces.Count + 1;

    /// <summary>
    /// A piece of the effects, in order, with a SELECT wherever the database changes. An effect left open would go to every replica as
    /// garbage: it stops the process.
    /// </summary>
    public ReadOnlySpan<byte> Piece(int index)
    {
        Invariant.That(_open == 0);
        return index == _pieces.Count ? _bytes.AsSpan(0, _used) : _pieces[index].AsSpan();
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
        (_open, _openPiece) = (_used, _pieces.Count);
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
        if (_openPiece < _pieces.Count)
        {
            // Its arguments go on in other pieces: what comes before it moves up to its head.
            var piece = _pieces[_openPiece].Array!;
            head[..length].CopyTo(piece.AsSpan(start - length));
            piece.AsSpan(0, start - HeadLength).CopyTo(piece.AsSpan(gap));
            _pieces[_openPiece] = new ArraySegment<byte>(piece, gap, _pieces[_openPiece].Count - gap);
            return;
        }

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
        _pieces.Clear();
        if (_bytes.Length > KeptLength) _bytes = new byte[FirstLength];
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
        if (_used > 0 && (long)_used + count > pieceLength)
        {
            _pieces.Add(new ArraySegment<byte>(_bytes, 0, _used));
            _bytes = new byte[Math.Max(count, Math.Min(FirstLength, pieceLength))];
            _used = 0;
            return;
        }

        var wanted = Math.Min(Math.Max(_bytes.Length * 2L, (long)_used + count), Math.Max(pieceLength, (long)_used + count));
        Array.Resize(ref _bytes, (int)wanted);
    }
}
