using Starling.Node.Replication;

namespace Starling.Node.Tests.Replication;

/// <summary>A replica's connection that takes everything at once.</summary>
internal sealed class SilentTransport : IReplicaTransport
{
    private long _taken;

    public long PendingBytes => 0;

    public long LastReadAt => 0;

    public bool IsOpen { get; private set; } = true;

    public string RemoteAddress => "127.0.0.1";

    public string Description => "silent";

    /// <summary>Bytes that were pushed.</summary>
    public long Taken => Volatile.Read(ref _taken);

    public int TrySendStream(ReadOnlySpan<byte> bytes) => bytes.Length;

    public void Push(ReadOnlySpan<byte> bytes) => Interlocked.Add(ref _taken, bytes.Length);

    public void Close() => IsOpen = false;

    public void CloseAfterOutput() => IsOpen = false;
}
