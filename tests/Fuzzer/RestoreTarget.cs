using System.Buffers.Binary;
using Starling.Executable.Tests;
using Starling.Node.Persistence;
using Starling.Resp;

namespace Starling.Fuzzer;

/// <summary>
/// RESTORE of a payload, whose version and checksum are made right: it is refused, or makes a value that DUMP writes so that
/// RESTORE makes an equal one, and that every command of its type can work with. Now and then the encodings' limits change.
/// </summary>
internal sealed class RestoreTarget : IFuzzTarget
{
    private const int RunsBetweenLimits = 1000;
    private const int NewestVersion = 12;

    private static readonly ArgumentList
        TypeOf = FuzzedNode.Command("TYPE", "v"),
        Encoding = FuzzedNode.Command("OBJECT", "ENCODING", "v"),
        Digest = FuzzedNode.Command("DEBUG", "DIGEST-VALUE", "v"),
        DigestOfCopy = FuzzedNode.Command("DEBUG", "DIGEST-VALUE", "copy"),
        Copy = FuzzedNode.Command("COPY", "v", "copy", "REPLACE"),
        Dump = FuzzedNode.Command("DUMP", "v"),
        Usage = FuzzedNode.Command("MEMORY", "USAGE", "v", "SAMPLES", "0"),
        Delete = FuzzedNode.Command("DEL", "v", "copy");

    private static readonly Dictionary<string, ArgumentList[]> Uses =
        PayloadUses.ByType.ToDictionary(uses => uses.Key, uses => uses.Value.Select(words => FuzzedNode.Command(words)).ToArray(), StringComparer.Ordinal);

    private static readonly string[] LimitNames =
    [
        "list-max-listpack-size", "hash-max-listpack-entries", "hash-max-listpack-value", "set-max-intset-entries", "set-max-listpack-entries",
        "zset-max-listpack-entries", "zset-max-listpack-value", "stream-node-max-entries",
    ];

    private static readonly string[][] Limits =
    [
        ["-2", "512", "64", "512", "128", "128", "64", "100"],
        ["3", "4", "4", "4", "4", "4", "4", "3"],
        ["-1", "100000", "100000", "100000", "100000", "100000", "100000", "0"],
    ];

    private readonly FuzzedNode _node = new();
    private long _runs;

    public bool Run(byte[] input)
    {
        if (_runs % RunsBetweenLimits == 0) ChangeLimits(Limits[_runs / RunsBetweenLimits % Limits.Length]);
        _runs++;
        var reply = _node.Call(FuzzedNode.Command("RESTORE"u8.ToArray(), "v"u8.ToArray(), "0"u8.ToArray(), WithFooter(input), "REPLACE"u8.ToArray()));
        if (reply[0] == '-')
        {
            if (!reply.AsSpan().StartsWith("-ERR Bad data format"u8)) throw new FuzzFinding("refused by " + System.Text.Encoding.Latin1.GetString(reply));
            return false;
        }

        var type = System.Text.Encoding.Latin1.GetString(_node.Call(TypeOf)).Trim('+', '\r', '\n');
        if (type != "none")
        {
            CheckWritten();
            Use(type);
        }

        _node.Call(Delete);
        return true;
    }

    public void Settle() => _node.CheckNothingIsLeft();

    /// <summary>What DUMP writes is what there is, and so is a copy.</summary>
    private void CheckWritten()
    {
        _node.Call(Encoding);
        _node.Call(Usage);
        var digest = _node.Call(Digest);
        var dump = FuzzedNode.Bulk(_node.Call(Dump)) ?? throw new FuzzFinding("DUMP writes nothing");
        var reply = _node.Call(FuzzedNode.Command("RESTORE"u8.ToArray(), "copy"u8.ToArray(), "0"u8.ToArray(), dump, "REPLACE"u8.ToArray()));
        if (reply[0] != '+') throw new FuzzFinding("what DUMP wrote is refused: " + Convert.ToHexString(dump));
        CheckEqual(digest, "what DUMP wrote");
        _node.Call(Copy);
        CheckEqual(digest, "the copy");
    }

    private void CheckEqual(byte[] digest, string what)
    {
        if (!_node.Call(DigestOfCopy).AsSpan().SequenceEqual(digest)) throw new FuzzFinding(what + " is another value");
    }

    private void Use(string type)
    {
        foreach (var command in Uses[type]) _node.Call(command);
        _node.Call(Dump);
        _node.Call(Digest);
    }

    private void ChangeLimits(string[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var reply = _node.Call(FuzzedNode.Command("CONFIG", "SET", LimitNames[i], values[i]));
            if (reply[0] != '+') throw new FuzzFinding($"CONFIG SET {LimitNames[i]}: {System.Text.Encoding.Latin1.GetString(reply)}");
        }
    }

    private static byte[] WithFooter(byte[] input)
    {
        var payload = new byte[input.Length + 10];
        input.CopyTo(payload, 0);
        payload[input.Length] = NewestVersion;
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(input.Length + 2), Crc64.Append(0, payload.AsSpan(0, input.Length + 2)));
        return payload;
    }
}
