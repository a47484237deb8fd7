using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Starling.Slots;
using Starling.Slots.Values;

namespace Starling.Node.Persistence;

/// <summary>
/// Reads an RDB stream, item by item: versions 1 to 12 of the Redis family and 80 of Valkey. The content of a key's
/// value is read by who wants it (<see cref="TakeContent"/>), or passed over. Whatever the bytes, the reader neither
/// throws nor waits for more than the stream gives, and its memory is bounded by what was really read. One thread at a
/// time.
/// </summary>
public sealed class RdbReader : IContentReader
{
    private const string ShortRead = "Short read or OOM loading DB. Unrecoverable error, aborting now.";

    private readonly RdbInput _input;
    private readonly RdbStringDecoder _strings;
    private readonly bool _verifyChecksum;
    private bool _started;
    private bool _entryWasRead;
    private bool _contentWaits;

    /// <summary>Makes a reader.</summary>
    /// <param name="stream">The bytes; read in pieces of up to 64 KiB.</param>
    /// <param name="verifyChecksum">Checks the CRC64 at the end (directive <c>rdbchecksum</c>).</param>
    public RdbReader(Stream stream, bool verifyChecksum)
    {
        _input = new RdbInput(stream, verifyChecksum);
        _strings = new RdbStringDecoder(_input);
        _verifyChecksum = verifyChecksum;
    }

    /// <summary>The version that the stream states; 0 before the first <see cref="Read"/>.</summary>
    public int Version { get; private set; }

    /// <summary>The database of the next entry.</summary>
    public ulong Database { get; private set; }

    /// <summary>The key, or the field's name; valid until the next <see cref="Read"/>.</summary>
    public ReadOnlySpan<byte> Key => _strings.Key;

    /// <summary>The field's text, or the library's code; valid until the next <see cref="Read"/>.</summary>
    public ReadOnlySpan<byte> Value => _strings.Value;

    /// <summary>The form of the entry's content.</summary>
    public ContentForm Form { get; private set; }

    /// <summary>Expiry of the entry in milliseconds of Unix time; -1 when it has none.</summary>
    public long ExpiresAt { get; private set; } = -1;

    /// <summary>Seconds since the last access of the entry; -1 when the stream does not say.</summary>
    public long IdleSeconds { get; private set; } = -1;

    /// <summary>Logarithmic access frequency of the entry, 0..255; -1 when the stream does not say.</summary>
    public int Frequency { get; private set; } = -1;

    /// <summary>True at the end when the stream was written without a checksum.</summary>
    public bool LacksChecksum { get; private set; }

    /// <summary>Bytes of the stream that were understood so far.</summary>
    public long Position => _input.Position;

    /// <summary>After a failure: Redis's message.</summary>
    public string? Error { get; private set; }

    /// <summary>After a failure: what was found wrong, when there is more to say than <see cref="Error"/>.</summary>
    public string? Detail { get; private set; }

    /// <summary>Bytes read from the stream that lie behind the end of the RDB data; empty before the end.</summary>
    public ReadOnlySpan<byte> Unread => _input.Buffered;

    /// <summary>Reads the next item.</summary>
    public RdbItem Read()
    {
        if (Error is not null) return RdbItem.Failed;
        if (!_started && !ReadHeader()) return RdbItem.Failed;
        _started = true;
        if (_contentWaits && !ValueKinds.TrySkip(Form, this)) return Fail();
        _contentWaits = false;
        if (_entryWasRead)
        {
            ExpiresAt = -1;
            IdleSeconds = -1;
            Frequency = -1;
            _entryWasRead = false;
        }

        while (true)
        {
            if (!_input.TryByte(out var opcode)) return Fail();
            if (!TryOpcode(opcode, out var item)) return Fail();
            if (item is not { } found) continue;
            _entryWasRead = found == RdbItem.Entry;
            return found;
        }
    }

    /// <summary>
    /// Gives the content of the entry that was read last, once; it must be read to its end before the next
    /// <see cref="Read"/>.
    /// </summary>
    public IContentReader TakeContent()
    {
        Invariant.That(_contentWaits);
        _contentWaits = false;
        return this;
    }

    /// <summary>Says that the content of an entry was no good: nothing more can be read.</summary>
    /// <param name="detail">What was wrong with it; null when the reader itself could not go on.</param>
    public void FailContent(string? detail)
    {
        Detail ??= detail;
        Fail();
    }

    /// <inheritdoc/>
    bool IContentReader.TryNumber(out ulong value) => _input.TryLength(out value);

    /// <inheritdoc/>
    bool IContentReader.TryText(out ReadOnlySpan<byte> text)
    {
        var read = _strings.TryReadValue();
        text = read ? _strings.Value : default;
        return read;
    }

    /// <inheritdoc/>
    bool IContentReader.TryRaw(Span<byte> bytes) => _input.TryBytes(bytes);

    /// <summary>Reads one opcode with what belongs to it; an item when it completes one, null to go on.</summary>
    private bool TryOpcode(byte opcode, out RdbItem? item)
    {
        item = null;
        switch (opcode)
        {
            case RdbFormat.OpcodeExpirySeconds:
                return TryExpirySeconds();
            case RdbFormat.OpcodeExpiryMilliseconds:
                return TryExpiryMilliseconds();
            case RdbFormat.OpcodeFrequency:
                if (!_input.TryByte(out var frequency)) return false;
                Frequency = frequency;
                return true;
            case RdbFormat.OpcodeIdle:
                if (!_input.TryLength(out var idle)) return false;
                IdleSeconds = (long)Math.Min(idle, long.MaxValue);
                return true;
            case RdbFormat.OpcodeSelectDatabase:
                if (!_input.TryLength(out var database)) return false;
                Database = database;
                return true;
            case RdbFormat.OpcodeResizeDatabase:
                item = RdbItem.ResizeDatabase;
                return _input.TryLength(out _) && _input.TryLength(out _);
            case RdbFormat.OpcodeSlotInfo:
                return _input.TryLength(out _) && _input.TryLength(out _) && _input.TryLength(out _);
            case RdbFormat.OpcodeAuxiliary:
                item = RdbItem.Auxiliary;
                return _strings.TryReadKey() && _strings.TryReadValue();
            case RdbFormat.OpcodeModuleAuxiliary:
                item = RdbItem.ModuleAuxiliary;
                return TrySkipModule();
            case RdbFormat.OpcodeFunctionPreRelease:
                return Refuse("Pre-release function format not supported.");
            case RdbFormat.OpcodeFunction2:
                item = RdbItem.Function;
                return _strings.TryReadValue();
            case RdbFormat.OpcodeEnd:
                item = RdbItem.End;
                return TryEnd();
            default:
                item = RdbItem.Entry;
                return TryEntry(opcode);
        }
    }

    private bool ReadHeader()
    {
        Span<byte> header = stackalloc byte[RdbFormat.HeaderLength];
        if (!_input.TryBytes(header))
        {
            Fail();
            return false;
        }

        // The Valkey family's own versions have a longer name and one digit less.
        var digits = header.StartsWith("REDIS"u8) ? header[5..] : header.StartsWith("VALKEY"u8) ? header[6..] : default;
        if (digits.IsEmpty)
        {
            Error = "Wrong signature trying to load DB from file";
            return false;
        }

        Version = Number(digits);
        var known = digits.Length == 4
            ? Version is >= 1 and <= RdbFormat.NewestVersion
            : Version == RdbFormat.ValkeyVersion;
        if (!known) Error = string.Create(CultureInfo.InvariantCulture, $"Can't handle RDB format version {Version}");
        return known;
    }

    /// <summary>
    /// The number; 0 when anything else than a digit is there (a damaged version must not turn into an older one).
    /// </summary>
    private static int Number(ReadOnlySpan<byte> digits)
    {
        var number = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit)) return 0;
            number = (number * 10) + (digit - '0');
        }

        return number;
    }

    private bool TryExpirySeconds()
    {
        Span<byte> bytes = stackalloc byte[4];
        if (!_input.TryBytes(bytes)) return false;
        ExpiresAt = BinaryPrimitives.ReadInt32LittleEndian(bytes) * 1000L;
        return true;
    }

    private bool TryExpiryMilliseconds()
    {
        Span<byte> bytes = stackalloc byte[8];
        if (!_input.TryBytes(bytes)) return false;
        ExpiresAt = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return true;
    }

    private bool TryEntry(byte type)
    {
        if (RdbTypes.TryForm(type, out var form))
        {
            Form = form;
            _contentWaits = true;
            return _strings.TryReadKey();
        }

        if (RdbTypes.NameOfUnsupported(type) is not { } kind)
            return Refuse(string.Create(CultureInfo.InvariantCulture, $"Unknown RDB encoding type {type}"));
        if (!_strings.TryReadKey()) return false;
        var key = Encoding.UTF8.GetString(Key[..Math.Min(Key.Length, 128)]);
        return Refuse(string.Create(
            CultureInfo.InvariantCulture,
            $"The RDB file contains a {kind} (type {type}) I can't load: key '{key}' in DB {Database}"));
    }

    private bool TrySkipModule()
    {
        if (!_input.TryLength(out _)) return false;
        if (!_input.TryLength(out var whenOpcode) || !_input.TryLength(out _)) return false;
        if (whenOpcode != RdbFormat.ModuleUnsigned) return Refuse("bad when_opcode");
        Span<byte> number = stackalloc byte[8];
        while (true)
        {
            if (!_input.TryLength(out var opcode)) return false;
            var skipped = opcode switch
            {
                RdbFormat.ModuleEnd => true,
                RdbFormat.ModuleSigned or RdbFormat.ModuleUnsigned => _input.TryLength(out _),
                RdbFormat.ModuleFloat => _input.TryBytes(number[..4]),
                RdbFormat.ModuleDouble => _input.TryBytes(number),
                RdbFormat.ModuleString => _strings.TryReadValue(),
                _ => Refuse("Unknown opcode in the data of a module"),
            };
            if (!skipped) return false;
            if (opcode == RdbFormat.ModuleEnd) return true;
        }
    }

    private bool TryEnd()
    {
        if (Version < RdbFormat.FirstVersionWithChecksum)
        {
            _input.EndChecksum();
            return true;
        }

        var computed = _input.EndChecksum();
        Span<byte> bytes = stackalloc byte[RdbFormat.ChecksumLength];
        if (!_input.TryBytes(bytes)) return false;
        if (!_verifyChecksum) return true;
        var stated = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        LacksChecksum = stated == 0;
        if (LacksChecksum || stated == computed) return true;
        Error = string.Create(
            CultureInfo.InvariantCulture,
            $"Wrong RDB checksum expected: ({computed:x}) but got ({stated:x}). Aborting now.");
        Detail = "RDB CRC error";
        return false;
    }

    private bool Refuse(string reason)
    {
        Detail ??= reason;
        return false;
    }

    private RdbItem Fail()
    {
        Error ??= ShortRead;
        Detail ??= _strings.Problem ?? _input.Problem;
        return RdbItem.Failed;
    }
}
