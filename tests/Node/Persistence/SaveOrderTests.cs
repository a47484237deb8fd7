using Starling.Node.Config;
using Starling.Node.Persistence;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Persistence;

/// <summary>Saves, FLUSHALL, loads and shutdowns that meet: the file is what came last.</summary>
public sealed class SaveOrderTests
{
    [Fact]
    public void A_cancelled_save_never_overwrites_the_file_that_took_its_place()
    {
        using var host = new PersistenceHost();
        host.Set("a", "old");
        byte[] wanted = [.. "the master's data"u8];
        var arrived = Path.Combine(host.Folder, "arrived");
        for (var round = 0; round < 400; round++)
        {
            File.WriteAllBytes(arrived, wanted);
            using var ended = new ManualResetEventSlim();
            Assert.True(host.Persistence.TryStartSave(background: true, _ => ended.Set()));
            for (var spin = round % 40; spin > 0; spin--) Thread.SpinWait(200);
            host.Persistence.ReplaceFile(arrived);
            Assert.True(ended.Wait(TimeSpan.FromSeconds(90)));
            Assert.True(wanted.AsSpan().SequenceEqual(File.ReadAllBytes(host.File)), $"the old data is back in round {round}");
        }
    }

    [Fact]
    public void A_save_that_begins_while_a_snapshot_is_loaded_is_given_up()
    {
        using var host = new PersistenceHost();
        host.Set("a", "1");
        Assert.True(host.Save());
        var saved = File.ReadAllBytes(host.File);
        var bytes = RdbBytes.Make([new RdbEntry("b", "2")]);
        bool? isSaved = null;
        var result = host.Persistence.Load(new MemoryStream(bytes), new RdbLoadOptions
        {
            OnBegin = () => isSaved = host.Save(),
        });
        Assert.True(result.Succeeded);
        Assert.False(isSaved);
        Assert.Equal(saved, File.ReadAllBytes(host.File));
    }

    [Fact]
    public void FLUSHALL_during_the_start_of_its_own_save_is_saved_once_more()
    {
        using var host = new PersistenceHost();
        host.Server.Config.Save = [new SavePoint(3600, 1000)];
        host.Set("a", "1");
        var isFirst = true;
        host.Persistence.PositionSource = () =>
        {
            // The moment of the save, under every stripe; the command comes right behind it.
            if (isFirst) host.Persistence.OnFlushAll(1);
            isFirst = false;
            return null;
        };
        host.Persistence.ScheduleSave();
        host.Persistence.SaveWhenDue(host.Server.NowMilliseconds);
        Wait.Until("the first save has ended", () => !host.Persistence.IsSaving);
        host.Remove("a");
        host.Persistence.SaveWhenDue(host.Server.NowMilliseconds);
        Wait.Until("the second save has ended", () => !host.Persistence.IsSaving);
        Assert.Equal([], RdbBytes.Read(File.ReadAllBytes(host.File), out _));
    }

    [Fact]
    public async Task The_save_of_a_shutdown_goes_before_the_snapshots_that_its_cancelling_sets_off()
    {
        using var host = new PersistenceHost();
        host.Set("a", "1");
        for (var round = 0; round < 50; round++)
        {
            var next = new CollectingTarget();
            next.Gate.Reset();
            var first = new CollectingTarget();
            first.Gate.Reset();
            host.Persistence.StartSnapshot(first, new SnapshotOptions
            {
                OnEnd = _ => host.Persistence.StartSnapshot(next, new SnapshotOptions()),
            });
            Assert.True(first.WaitUntilReached());
            Assert.True(await Task.Run(host.Persistence.SaveOnShutdown).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System));
            next.Gate.Set();
            Wait.Until("the saver is idle", () => !host.Persistence.IsSaving);
        }
    }

    [Fact]
    public void Changes_count_again_when_the_save_that_FLUSHALL_asked_for_fails()
    {
        using var host = new PersistenceHost();
        host.Server.Config.Save = [new SavePoint(3600, 1000)];
        host.Persistence.CountChanges(7);
        host.Persistence.OnFlushAll(3);
        host.Persistence.CountChanges(3);
        Assert.Equal(0, host.Persistence.ChangesSinceLastSave);
        host.Persistence.CountChanges(2);

        // A folder in the place of the temporary file.
        var obstacle = Path.Combine(host.Folder, $"temp-{Environment.ProcessId}.rdb");
        Directory.CreateDirectory(obstacle);
        host.Persistence.SaveWhenDue(host.Server.NowMilliseconds);
        Wait.Until("the save has failed", () => !host.Persistence.IsSaving && host.Persistence.ChangesSinceLastSave == 12);
        Directory.Delete(obstacle);
        Assert.True(host.Save());
        Assert.Equal(0, host.Persistence.ChangesSinceLastSave);
    }
}
