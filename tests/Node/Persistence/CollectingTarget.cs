using Starling.Node.Persistence;

namespace Starling.Node.Tests.Persistence;

/// <summary>Keeps the bytes of a snapshot; blocks or fails on demand.</summary>
internal sealed class CollectingTarget : ISnapshotTarget
{
    private readonly MemoryStream _bytes = new();
    private readonly ManualResetEventSlim _reached = new();

    public byte[] Bytes => _bytes.ToArray();

    /// <summary>Writes wait for it.</summary>
    public ManualResetEventSlim Gate { get; } = new(initialState: true);

    /// <summary>Waits for the first write.</summary>
    public bool WaitUntilReached() => _reached.Wait(TimeSpan.FromSeconds(90), CancellationToken.None);

    public bool Fails { get; init; }

    public bool IsComplete { get; private set; }

    public bool IsAbandoned { get; private set; }

    public void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation)
    {
        _reached.Set();
        Gate.Wait(cancellation);
        if (Fails) throw new IOException("broken pipe");
        _bytes.Write(bytes);
    }

    public void Complete(CancellationToken cancellation) => IsComplete = true;

    public void Abandon() => IsAbandoned = true;
}
