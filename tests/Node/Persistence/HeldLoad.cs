using Starling.Node.Persistence;

namespace Starling.Node.Tests.Persistence;

/// <summary>A data set that is being loaded and of which no key is there yet, until the test says so.</summary>
internal sealed class HeldLoad : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly ManualResetEventSlim _begun = new();
    private readonly ManualResetEventSlim _goesOn = new();
    private readonly Thread _thread;
    private RdbLoadResult? _result;

    /// <summary>Returns when the load is under way.</summary>
    public HeldLoad(PersistenceService persistence, params RdbEntry[] entries)
    {
        var options = new RdbLoadOptions { AllowDuplicates = true, OnBegin = Begin };
        _thread = new Thread(() => _result = persistence.Load(new MemoryStream(RdbBytes.Make(entries)), options)) { IsBackground = true };
        _thread.Start();
        Assert.True(_begun.Wait(Deadline));
    }

    /// <summary>Has everything loaded.</summary>
    public void Finish()
    {
        _goesOn.Set();
        Assert.True(_thread.Join(Deadline));
        Assert.Null(_result!.Error);
    }

    public void Dispose()
    {
        _goesOn.Set();
        _thread.Join(Deadline);
        _begun.Dispose();
        _goesOn.Dispose();
    }

    private void Begin()
    {
        _begun.Set();
        _goesOn.Wait();
    }
}
