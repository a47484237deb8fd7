using System.Buffers;

namespace Starling.Node.Serving;

/// <summary>
/// The bytes received from a client and not yet executed. A small buffer of its own takes what an idle client sends
/// first; a large one from the shared array pool is held only while there is more. Bytes are never moved except to the
/// front or to a larger buffer.
/// </summary>
internal sealed class InputBuffer
{
    /// <summary>Bytes of the small buffer: a pipeline of some 16 ordinary commands.</summary>
    public const int SmallLength = 2048;

    private const int LargeLength = 32 * 1024;

    private readonly byte[] _small = new byte[SmallLength];
    private byte[]? _large;
    private int _start;
    private int _end;

    /// <summary>The buffer that holds the bytes now.</summary>
    public byte[] Bytes => _large ?? _small;

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

    /// <summary>Bytes that can be received before the buffer must grow.</summary>
    public int Room => Bytes.Length - _end;

    /// <summary>Bytes of memory held.</summary>
    public int Capacity => SmallLength + (_large?.Length ?? 0);

    /// <summary>Counts bytes received at <see cref="End"/>.</summary>
    public void Advance(int count) => _end += count;

    /// <summary>Adds bytes that were received elsewhere.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        EnsureRoom(bytes.Length);
        bytes.CopyTo(Bytes.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>
    /// Moves what is left to the front, or back to the small buffer, once the commands that arrived whole are executed.
    /// </summary>
    /// <param name="expected">Bytes that the next command needs beyond those here, as far as is known.</param>
    /// <param name="mayUseSmall">The small buffer is free.</param>
    public void Compact(long expected, bool mayUseSmall)
    {
        var left = _end - _start;
        if (left == 0)
        {
            _start = _end = 0;
            FreeLarge();
            return;
        }

        if (_large is null)
        {
            if (left + expected <= SmallLength - 256)
            {
                _small.AsSpan(_start, left).CopyTo(_small);
                _start = 0;
                _end = left;
                return;
            }
        }
        else if (mayUseSmall && left <= SmallLength / 4 && expected <= SmallLength / 2)
        {
            _large.AsSpan(_start, left).CopyTo(_small);
            FreeLarge();
            _start = 0;
            _end = left;
            return;
        }

        EnsureRoom((int)Math.Clamp(expected, LargeLength / 4, LargeLength));
    }

    /// <summary>
    /// Makes room for more. The buffer at least doubles when it grows, so that a long command costs time in proportion
    /// to its length, and never grows by what was only announced.
    /// </summary>
    public void EnsureRoom(int count)
    {
        var left = _end - _start;
        if (_large is not null && _large.Length - _end >= count) return;
        var wanted = (long)left + count;
        if (_large is not null && wanted <= _large.Length / 2)
        {
            _large.AsSpan(_start, left).CopyTo(_large);
        }
        else
        {
            var size = Math.Min(Math.Max(LargeLength, Math.Max(wanted, left * 2L)), Array.MaxLength);
            var grown = ArrayPool<byte>.Shared.Rent((int)size);
            Bytes.AsSpan(_start, left).CopyTo(grown);
            FreeLarge();
            _large = grown;
        }

        _start = 0;
        _end = left;
    }

    /// <summary>Leaves the small buffer free to receive into: what it holds goes to a large one.</summary>
    public void VacateSmall()
    {
        if (_large is null && _end > _start) EnsureRoom(LargeLength / 2);
        else if (_large is null) _start = _end = 0;
    }

    /// <summary>The small buffer; to receive into while the bytes lie in a large one or there are none.</summary>
    public byte[] Small => _small;

    /// <summary>True when the bytes lie in a large buffer.</summary>
    public bool IsLarge => _large is not null;

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        _start = _end = 0;
        FreeLarge();
    }

    private void FreeLarge()
    {
        if (_large is null) return;
        ArrayPool<byte>.Shared.Return(_large);
        _large = null;
    }
}
