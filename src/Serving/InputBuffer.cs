using Starling.Resp;

namespace Starling.Serving;

/// <summary>
/// The bytes received from a client and not yet executed. They arrive in a buffer of the thread that all its clients
/// use in turn; only what is left when the client's turn is over moves to a buffer of its own. So a client that waits
/// for nothing holds none.
/// </summary>
internal sealed class InputBuffer(BufferPool pool)
{
    private const int Step = 32 * 1024; // room that is made for a long command, at least

    private byte[] _bytes = [];
    private bool _isOwn;
    private int _start;
    private int _end;

    /// <summary>The buffer that holds the bytes now.</summary>
    public byte[] Bytes => _bytes;

    /// <summary>Where the bytes not yet executed start.</summary>
    public int Start
    {
        get => _start;
        set => _start = value;
    }

    /// <summary>Where they end.</summary>
    public int End => _end;

    /// <summary>Number of bytes not yet executed.</summary>
    public int Length => _end - _start;

    /// <summary>Bytes of memory held between turns.</summary>
    public int Capacity => _isOwn ? _bytes.Length : 0;

    /// <summary>Begins a turn: where to receive now, behind what there is already; at least a byte.</summary>
    /// <param name="shared">The thread's buffer.</param>
    public Span<byte> Begin(byte[] shared)
    {
        if (!_isOwn)
        {
            _bytes = shared;
            _start = _end = 0;
        }
        else if (_end == _bytes.Length)
        {
            MakeRoom(1);
        }

        return _bytes.AsSpan(_end);
    }

    /// <summary>Counts bytes received at <see cref="End"/>.</summary>
    public void Advance(int count) => _end += count;

    /// <summary>Ends a turn: what is left moves to a buffer of the client's own, or stays there.</summary>
    /// <param name="expected">Bytes that the next command needs beyond those here, as far as is known.</param>
    public void Settle(long expected)
    {
        var left = _end - _start;
        if (left == 0)
        {
            Clear();
            return;
        }

        var wanted = (int)Math.Clamp(expected, 1, Step);
        if (!_isOwn || _bytes.Length - _end < wanted || IsFarTooLarge(left, wanted)) MakeRoom(wanted);
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        if (_isOwn) pool.Return(_bytes);
        _isOwn = false;
        _bytes = [];
        _start = _end = 0;
    }

    /// <summary>A long command was executed, and what is left is short.</summary>
    private bool IsFarTooLarge(int left, int wanted) =>
        _bytes.Length > BufferPool.SmallLength && (left + wanted) <= _bytes.Length / 8;

    /// <summary>
    /// Moves what there is to the front, or to another buffer. When it grows it at least doubles, so that a long
    /// command costs time in proportion to its length, and never grows by what was only announced.
    /// </summary>
    private void MakeRoom(int room)
    {
        var left = _end - _start;
        var wanted = (long)left + room;
        if (_isOwn && wanted <= _bytes.Length / 2 && !IsFarTooLarge(left, room))
        {
            _bytes.AsSpan(_start, left).CopyTo(_bytes);
        }
        else
        {
            var size = _isOwn && wanted > _bytes.Length / 2 ? Math.Max(wanted, left * 2L) : wanted;
            var buffer = pool.Rent((int)Math.Min(size, Array.MaxLength), isFirst: !_isOwn);
            _bytes.AsSpan(_start, left).CopyTo(buffer);
            if (_isOwn) pool.Return(_bytes);
            _bytes = buffer;
            _isOwn = true;
        }

        _start = 0;
        _end = left;
    }
}
