namespace Starling.Resp;

/// <summary>
/// The arguments of one command as ranges of a byte buffer, the command's name first. Reused from command to command:
/// reading a command allocates nothing once the list has its size.
/// </summary>
public sealed class ArgumentList
{
    private byte[] _buffer = [];
    private (int Offset, int Length)[] _ranges = new (int, int)[8];
    private int _origin;
    private int _count;
    private int _wholeLength;

    /// <summary>Number of arguments, the command's name included.</summary>
    public int Count => _count;

    /// <summary>
    /// Sum of the arguments' lengths in bytes. Any thread may ask, while the owner fills the list: the sum is that of
    /// some of the arguments then.
    /// </summary>
    public long TotalLength
    {
        get
        {
            var ranges = Volatile.Read(ref _ranges);
            long total = 0;
            var count = Math.Min(Volatile.Read(ref _count), ranges.Length);
            foreach (var (_, length) in ranges.AsSpan(0, count)) total += length;
            return total;
        }
    }

    /// <summary>One argument; aliases the buffer, copy to keep.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            var (offset, length) = _ranges.AsSpan(0, _count)[index];
            return new ReadOnlySpan<byte>(_buffer, _origin + offset, length);
        }
    }

    /// <summary>
    /// The whole command as it was sent, when that is just how it would be written to a replica: an array of bulk strings,
    /// each line ended by CR and LF. Empty when it came otherwise, or the list is a copy. Aliases the buffer.
    /// </summary>
    public ReadOnlySpan<byte> Whole => new(_buffer, _origin, _wholeLength);

    /// <summary>Says that the command is whole and takes so many bytes from the origin on; see <see cref="Whole"/>.</summary>
    public void MarkWhole(int length) => _wholeLength = length;

    /// <summary>Empties the list and names the buffer that ranges refer to from now on.</summary>
    public void Reset(byte[] buffer)
    {
        _buffer = buffer;
        _origin = 0;
        _count = 0;
        _wholeLength = 0;
    }

    /// <summary>
    /// Names the buffer, and the place in it, that the ranges present and to come are counted from. A buffer that grew
    /// or was moved is named anew this way at no cost.
    /// </summary>
    public void Rebase(byte[] buffer, int origin)
    {
        _buffer = buffer;
        _origin = origin;
    }

    /// <summary>Adds an argument that lies in the buffer, counted from its origin.</summary>
    public void Add(int offset, int length)
    {
        if (_count == _ranges.Length) Array.Resize(ref _ranges, _count * 2);
        _ranges[_count++] = (offset, length);
    }

    /// <summary>Makes this list a copy of another one, or of its end, with a buffer of its own.</summary>
    /// <param name="other">The other list.</param>
    /// <param name="from">The first argument to copy.</param>
    public void CopyFrom(ArgumentList other, int from = 0)
    {
        var buffer = _buffer.Length >= other.TotalLength ? _buffer : new byte[other.TotalLength];
        Reset(buffer);
        var at = 0;
        for (var i = from; i < other.Count; i++)
        {
            var argument = other[i];
            argument.CopyTo(buffer.AsSpan(at));
            Add(at, argument.Length);
            at += argument.Length;
        }
    }

    /// <summary>
    /// Drops ranges beyond what an ordinary command needs, so that one huge command does not leave its memory behind.
    /// </summary>
    public void Trim()
    {
        Reset([]);
        if (_ranges.Length > 64) _ranges = new (int, int)[8];
    }
}
