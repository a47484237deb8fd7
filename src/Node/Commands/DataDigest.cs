using System.Buffers.Binary;
using System.Security.Cryptography;
using Starling.Slots;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>
/// The digest of a data set that DEBUG DIGEST shows: SHA1 of keys and values, combined so that the order of keys does
/// not matter. Equal to redis-server's for equal data.
/// </summary>
internal static class DataDigest
{
    /// <summary>Length of a digest in bytes.</summary>
    public const int Length = SHA1.HashSizeInBytes;

    /// <summary>The digest of every database, expired keys included. Needs every stripe.</summary>
    public static byte[] Of(Keyspace keyspace)
    {
        var visitor = new Visitor(new byte[Length]);
        Span<byte> number = stackalloc byte[sizeof(int)];
        for (var i = 0; i < keyspace.DatabaseCount; i++)
        {
            var database = keyspace[i];
            if (database.Count == 0) continue;
            BinaryPrimitives.WriteInt32BigEndian(number, i);
            Mix(visitor.Digest, number);
            for (var slot = database.NextSlotInUse(0, expiring: false); slot >= 0; slot = Next(database, slot))
            {
                ulong cursor = 0;
                do cursor = database.ScanSlot(slot, cursor, ref visitor);
                while (cursor != 0);
            }
        }

        return visitor.Digest;
    }

    /// <summary>Mixes kind, value and presence of an expiry into a digest. Needs the key's stripe.</summary>
    public static void MixValue(Span<byte> digest, in Entry entry)
    {
        var mixer = new Mixer();
        digest.CopyTo(mixer.Digest);
        entry.Digest(mixer);
        mixer.Digest.CopyTo(digest);
        if (entry.ExpiresAt != Entry.NoExpiry) Xor(digest, "!!expire!!"u8);
    }

    private static int Next(Database database, int slot) =>
        slot + 1 == HashSlot.Count ? -1 : database.NextSlotInUse(slot + 1, expiring: false);

    /// <summary>Order does not matter between two of these.</summary>
    private static void Xor(Span<byte> digest, ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Length];
        SHA1.HashData(data, hash);
        XorBytes(digest, hash);
    }

    /// <summary>Order matters.</summary>
    private static void Mix(Span<byte> digest, ReadOnlySpan<byte> data)
    {
        Xor(digest, data);
        Span<byte> hash = stackalloc byte[Length];
        SHA1.HashData(digest, hash);
        hash.CopyTo(digest);
    }

    private static void XorBytes(Span<byte> digest, ReadOnlySpan<byte> other)
    {
        for (var i = 0; i < digest.Length; i++) digest[i] ^= other[i];
    }

    private sealed class Mixer : IContentDigest
    {
        private readonly byte[] _element = new byte[Length];
        private bool _isInElement;

        public byte[] Digest { get; } = new byte[Length];

        public void Mix(ReadOnlySpan<byte> bytes) => DataDigest.Mix(_isInElement ? _element : Digest, bytes);

        public void MixUnordered(ReadOnlySpan<byte> bytes) => Xor(Digest, bytes);

        public void BeginElement()
        {
            Invariant.That(!_isInElement);
            _isInElement = true;
            Array.Clear(_element);
        }

        public void EndElement()
        {
            Invariant.That(_isInElement);
            _isInElement = false;
            Xor(Digest, _element);
        }
    }

    private readonly struct Visitor(byte[] digest) : IEntryVisitor
    {
        public byte[] Digest => digest;

        public void Visit(in Entry entry)
        {
            Span<byte> own = stackalloc byte[Length];
            own.Clear();
            Mix(own, entry.Key);
            MixValue(own, entry);
            Xor(digest, own);
        }
    }
}
