using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Starling.Node.Persistence;

namespace Starling.Fuzzer;

/// <summary>
/// An RDB file without its checksum, which is made right: check-rdb and the loader come to the same verdict, and what was
/// loaded can be written, and is the same when it is read again.
/// </summary>
internal sealed class RdbTarget : IFuzzTarget
{
    private static readonly Starling.Resp.ArgumentList Digest = FuzzedNode.Command("DEBUG", "DIGEST"), Empty = FuzzedNode.Command("FLUSHALL", "SYNC");

    private readonly FuzzedNode _node = new();

    public bool Run(byte[] input)
    {
        var file = new byte[input.Length + 8];
        input.CopyTo(file, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(input.Length), Crc64.Append(0, input));
        var isSound = Check(file, out var report);
        var error = Load(file);
        _node.Call(Digest);
        _node.Call(Empty);

        // The check knows neither how many databases a server has nor which keys it has.
        var mayDiffer = error is not null
            && (error.Contains("duplicated key", StringComparison.Ordinal) || error.Contains("databases. Exiting", StringComparison.Ordinal));
        if (isSound != error is null && !mayDiffer) throw new FuzzFinding($"the loader says {error ?? "nothing"}, the check\n{report}");
        return isSound;
    }

    public void Settle() => _node.CheckNothingIsLeft();

    private static bool Check(byte[] file, out string report)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        using var stream = new MemoryStream(file);
        var isSound = new RdbCheck(output, now: 0).Run("fuzzed", stream);
        report = output.ToString();
        return isSound;
    }

    private string? Load(byte[] file)
    {
        using var stream = new MemoryStream(file);
        var server = _node.Server;
        var reader = new RdbReader(stream, verifyChecksum: true);
        var loader = new RdbLoader(
            server.Executor, server.Keyspace, reader, new RdbLoadOptions { KeepExpired = true }, new LoadingProgress(), NullLogger.Instance, server.NowMilliseconds);
        return loader.Run().Error;
    }
}
