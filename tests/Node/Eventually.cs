namespace Starling.Node.Tests;

/// <summary>Waits for a condition that another thread brings about.</summary>
public static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    public static async Task True(Func<bool> condition)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Deadline, "the condition did not come true in time");
            await Task.Delay(2);
        }
    }

    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Deadline, "the condition did not come true in time");
            await Task.Delay(2);
        }
    }
}
