using System.Buffers.Binary;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.Hashes;

/// <summary>Reads the content of hashes in every form; see <see cref="ContentForm"/>.</summary>
internal static unsafe class HashReader
{
    /// <summary>The latest expiry of a field, in milliseconds of Unix time: Redis has 48 bits for it.</summary>
    public const long LatestExpiry = (1L << 48) - 2;

    /// <summary>Reads content into a builder.</summary>
    public static ContentOutcome Read(ref HashBuilder builder, ContentForm form, IContentReader reader)
    {
        ulong start = 1;
        if (HasStart(form) && !TryStart(reader, out start)) return ContentOutcome.EndedEarly;
        if (IsFieldByField(form)) return ReadFields(ref builder, form, start, reader);
        if (!reader.TryText(out var bytes)) return ContentOutcome.EndedEarly;
        var isValid = form switch
        {
            ContentForm.HashZipmap => TryZipmap(ref builder, bytes),
            ContentForm.HashZiplist => TryZiplist(ref builder, bytes),
            ContentForm.HashListpack => TryListpack(ref builder, bytes, HashEncoding.Pack),
            _ => TryListpack(ref builder, bytes, HashEncoding.ExpiringPack),
        };
        return isValid ? ContentOutcome.Read : ContentOutcome.Invalid;
    }

    /// <summary>Reads content without keeping it.</summary>
    public static bool TrySkip(ContentForm form, IContentReader reader)
    {
        if (HasStart(form) && !TryStart(reader, out _)) return false;
        if (!IsFieldByField(form)) return reader.TryText(out _);
        if (!reader.TryNumber(out var count)) return false;
        for (; count > 0; count--)
        {
            if (form != ContentForm.HashFields && !reader.TryNumber(out _)) return false;
            if (!reader.TryText(out _) || !reader.TryText(out _)) return false;
        }

        return true;
    }

    private static bool IsFieldByField(ContentForm form) => form is
        ContentForm.HashFields or ContentForm.HashExpiringFields or ContentForm.HashFieldsWithExpiries;

    private static bool HasStart(ContentForm form) =>
        form is ContentForm.HashExpiringFields or ContentForm.HashExpiringListpack;

    private static bool TryStart(IContentReader reader, out ulong start)
    {
        Span<byte> bytes = stackalloc byte[8];
        var read = reader.TryRaw(bytes);
        start = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return read;
    }

    private static ContentOutcome ReadFields(
        ref HashBuilder builder, ContentForm form, ulong start, IContentReader reader)
    {
        if (start > LatestExpiry) return ContentOutcome.Invalid;
        if (!reader.TryNumber(out var count)) return ContentOutcome.EndedEarly;
        for (; count > 0; count--)
        {
            ulong expiry = 0;
            if (form != ContentForm.HashFields && !reader.TryNumber(out expiry)) return ContentOutcome.EndedEarly;
            if (expiry > LatestExpiry + 1) return ContentOutcome.Invalid;
            if (expiry != 0 && form == ContentForm.HashExpiringFields) expiry += start - 1;
            if (expiry > LatestExpiry) return ContentOutcome.Invalid;
            if (!reader.TryText(out var text)) return ContentOutcome.EndedEarly;
            var field = text.ToArray(); // the next piece takes its place
            if (!reader.TryText(out var value)) return ContentOutcome.EndedEarly;
            if (!builder.TryAdd(field, value, expiry == 0 ? Entry.NoExpiry : (long)expiry))
                return ContentOutcome.Invalid;
        }

        return ContentOutcome.Read;
    }

    private static bool TryListpack(ref HashBuilder builder, ReadOnlySpan<byte> bytes, HashEncoding encoding)
    {
        var stride = encoding == HashEncoding.Pack ? 2 : 3;
        if (!Listpack.IsSound(bytes, out var count) || count % stride != 0) return false;
        if (count == 0) return true;
        if (encoding == HashEncoding.ExpiringPack && !HasSoundExpiries(bytes)) return false;
        return builder.TryTake(encoding, bytes);
    }

    private static bool HasSoundExpiries(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            var end = start + bytes.Length - 1;
            for (var at = start + Listpack.HeaderBytes; at < end; at += Listpack.EntryLength(at))
            {
                at += Listpack.EntryLength(at);
                at += Listpack.EntryLength(at);
                if (!Listpack.Read(at).TryNumber(out var expiry) || expiry is < 0 or > LatestExpiry) return false;
            }
        }

        return true;
    }

    private static bool TryZiplist(ref HashBuilder builder, ReadOnlySpan<byte> bytes)
    {
        Span<byte> fieldScratch = stackalloc byte[ListElement.ScratchLength];
        Span<byte> valueScratch = stackalloc byte[ListElement.ScratchLength];
        var ziplist = new Ziplist(bytes);
        while (ziplist.TryRead(out var field))
        {
            if (!ziplist.TryRead(out var value)) return false;
            if (!builder.TryAdd(field.Text(fieldScratch), value.Text(valueScratch), Entry.NoExpiry)) return false;
        }

        return !ziplist.IsBroken;
    }

    private static bool TryZipmap(ref HashBuilder builder, ReadOnlySpan<byte> bytes)
    {
        var zipmap = new Zipmap(bytes);
        while (zipmap.TryRead(out var field, out var value))
            if (!builder.TryAdd(field, value, Entry.NoExpiry)) return false;
        return !zipmap.IsBroken;
    }
}
