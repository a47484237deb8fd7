using Starling.Node.Replication;

namespace Starling.Node.Tests.Replication;

/// <summary>A replica's connection that takes nothing of what is pushed before the test says so.</summary>
internal sealed class FullTransport : IReplicaTransport
{
    private readonly SemaphoreSlim _looks = new(0);
    private long _pending;
    private volatile bool _isOpen = true;

    public long PendingBytes
    {
        get
        {
            var pending = Volatile.Read(ref _pending);
            _looks.Release();
            return pending;
        }
    }

    public long LastReadAt => 0;

    public bool IsOpen => _isOpen;

    public string RemoteAddress => "127.0.0.1";

    public string Description => "full";

    /// <summary>Bytes that wait.</summary>
    public long Pending
    {
        get => Volatile.Read(ref _pending);
        set => Volatile.Write(ref _pending, value);
    }

    /// <summary>Waits until somebody has looked how much waits; each look counts once.</summary>
    public bool AwaitLook(TimeSpan timeout) => _looks.Wait(timeout);

    public void Push(ReadOnlySpan<byte> bytes)
    {
        Interlocked.Add(ref _pending, bytes.Length);
    }

    public int TrySendStream(ReadOnlySpan<byte> bytes) => 0;

    public void Close() => _isOpen = false;

    public void CloseAfterOutput() => _isOpen = false;
}
