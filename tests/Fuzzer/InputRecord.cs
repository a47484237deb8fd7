using System.Globalization;
using System.IO.MemoryMappedFiles;

namespace Starling.Fuzzer;

/// <summary>
/// The input that runs, in a file that two processes map: who watches finds it there when the one that fuzzes is gone
/// or does not come back.
/// </summary>
internal sealed class InputRecord : IDisposable
{
    /// <summary>The longest input in bytes.</summary>
    public const int LongestInput = 256 * 1024;

    private const int RunsAt = 0, LengthAt = 8, BytesAt = 16;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    /// <summary>Opens it, or makes it.</summary>
    /// <param name="path">The file.</param>
    public InputRecord(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, mapName: null, BytesAt + LongestInput);
        _view = _file.CreateViewAccessor();
    }

    /// <summary>Runs up to now, the one under way included.</summary>
    public long Runs => _view.ReadInt64(RunsAt);

    /// <summary>The input of the last run.</summary>
    public byte[] Input
    {
        get
        {
            var bytes = new byte[Math.Clamp(_view.ReadInt32(LengthAt), 0, LongestInput)];
            _view.ReadArray(BytesAt, bytes, 0, bytes.Length);
            return bytes;
        }
    }

    /// <summary>Notes an input that is about to run.</summary>
    public void Note(byte[] input)
    {
        if (input.Length > LongestInput)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"an input of {input.Length} bytes"), nameof(input));
        _view.Write(LengthAt, input.Length);
        _view.WriteArray(BytesAt, input, 0, input.Length);
        _view.Write(RunsAt, Runs + 1);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
