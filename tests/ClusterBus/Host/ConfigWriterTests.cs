using Starling.ClusterBus.Host;

namespace Starling.ClusterBus.Tests.Host;

public sealed class ConfigWriterTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_needed_save_that_fails_is_fatal_also_when_a_reported_one_came_with_it()
    {
        var directory = Directory.CreateTempSubdirectory("config-writer");
        var file = ConfigFile.Open(Path.Combine(directory.FullName, "nodes.conf"));
        directory.Delete(recursive: true);
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reported = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var isWriting = new SemaphoreSlim(0);
        using var mayWrite = new SemaphoreSlim(0);
        using var writer = new ConfigWriter(
            file,
            () =>
            {
                isWriting.Release();
                mayWrite.Wait(Deadline);
                return "";
            },
            () => { },
            _ => failed.TrySetResult());

        writer.Request(sync: true, reported.SetResult);
        Assert.True(await isWriting.WaitAsync(Deadline));
        var needed = writer.Request(sync: true);
        writer.Request(sync: true, _ => { });
        mayWrite.Release(2);

        Assert.NotNull(await reported.Task.WaitAsync(Deadline));
        await failed.Task.WaitAsync(Deadline);
        Assert.True(writer.Done < needed);
    }
}
