using Starling.Resp;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Serving;

/// <summary>The garbage of the process, which others would make and collect too.</summary>
[Collection(AloneCollection.Name)]
public sealed class BurstCollectorTests
{
    private byte[]? _held;
    private long _ranAt;

    [Fact]
    public void What_a_long_command_still_held_when_all_was_collected_goes_too()
    {
        var collector = new BurstCollector(new BufferPool(TimeProvider.System.GetTimestamp));
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true); // what others have left
        collector.Run();
        var isGone = Hold();
        var collections = GC.CollectionCount(GC.MaxGeneration);
        Wait.Until("all is collected", () =>
        {
            RunWhenDue(collector);
            return GC.CollectionCount(GC.MaxGeneration) > collections;
        });
        Assert.NotNull(_held);
        _held = null; // the command ends, and nobody tells
        Wait.Until("its memory is given back", () =>
        {
            RunWhenDue(collector);
            return isGone();
        });
    }

    /// <summary>As the cron does: repeats are counted in runs.</summary>
    private void RunWhenDue(BurstCollector collector)
    {
        if (_ranAt != 0 && TimeProvider.System.GetElapsedTime(_ranAt) < BurstCollector.Period) return;
        _ranAt = TimeProvider.System.GetTimestamp();
        collector.Run();
    }

    private Func<bool> Hold()
    {
        _held = new byte[64 << 20];
        var array = new WeakReference(_held);
        return () => !array.IsAlive;
    }
}
