using Starling.Resp;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Serving;

public sealed class BurstCollectorTests
{
    private byte[]? _held;

    [Fact]
    public void What_a_long_command_still_held_when_all_was_collected_goes_too()
    {
        var collector = new BurstCollector(new BufferPool(TimeProvider.System.GetTimestamp));
        collector.Run();
        var isGone = Hold();
        var collections = GC.CollectionCount(GC.MaxGeneration);
        Wait.Until("all is collected", () =>
        {
            collector.Run();
            return GC.CollectionCount(GC.MaxGeneration) > collections;
        });
        Assert.NotNull(_held);
        _held = null; // the command ends, and nobody tells
        Wait.Until("its memory is given back", () =>
        {
            collector.Run();
            return isGone();
        });
    }

    private Func<bool> Hold()
    {
        _held = new byte[64 << 20];
        var array = new WeakReference(_held);
        return () => !array.IsAlive;
    }
}
