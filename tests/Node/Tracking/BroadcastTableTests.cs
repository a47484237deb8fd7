using Starling.Node.Serving;
using Starling.Node.Tracking;

namespace Starling.Node.Tests.Tracking;

/// <summary>Who is told by prefix of what, and who is spared what it has changed itself.</summary>
public class BroadcastTableTests
{
    private static readonly byte[] Key = [(byte)'k'];

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 1, 1)]
    [InlineData(true, 2)]
    [InlineData(true, 2, 1)]
    [InlineData(true, 1, 2)]
    [InlineData(true, 0, 1)]
    [InlineData(true, 1, 2, 1)]
    public void Who_has_changed_a_key_is_spared_it_only_when_nobody_else_has_changed_it_too(bool isTold, params int[] changedBy)
    {
        var table = new BroadcastTable();
        var client = new TrackedClient(
            new NodeSession(1, ClientOrigin.Client), null!, TrackingModes.Broadcast | TrackingModes.NoLoop, redirectTo: 0, [[]], default!);
        table.Replace(null, client);
        foreach (var id in changedBy) table.Add([new BroadcastKey(Key, id)]);
        var messages = 0;
        table.Tell((_, _) => messages++);
        Assert.Equal(isTold ? 1 : 0, messages);
    }
}
