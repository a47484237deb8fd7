using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Starling.Node.Config;
using Starling.Node.Persistence;

namespace Starling.Node.Tests.Persistence;

/// <summary>A node that is not started, with a folder of its own and its log lines in memory.</summary>
internal sealed class PersistenceHost : ILoggerFactory, ILogger
{
    public PersistenceHost(string? folder = null, bool isCluster = false)
    {
        Folder = folder ?? Directory.CreateTempSubdirectory("starling-test-").FullName;
        Server = new NodeServer(new ServerConfig { Dir = Folder, Save = [], ClusterEnabled = isCluster, Databases = isCluster ? 1 : 16 }, this, TimeProvider.System);
    }

    public string Folder { get; }

    public string File => Path.Combine(Folder, "dump.rdb");

    public NodeServer Server { get; }

    public PersistenceService Persistence => Server.Persistence;

    public ConcurrentQueue<string> Lines { get; } = new();

    public void Set(RdbEntry entry)
    {
        var key = Server.Keyspace.Key(entry.Key);
        using (Server.Keyspace.LockSlot(key.Slot))
            Server.Keyspace[entry.Database].SetString(key, entry.Value, entry.ExpiresAt, 0);
    }

    public void Set(string key, string value) => Set(new RdbEntry(key, value));

    public bool Remove(string name)
    {
        var key = Server.Keyspace.Key(System.Text.Encoding.UTF8.GetBytes(name));
        using (Server.Keyspace.LockSlot(key.Slot)) return Server.Keyspace[0].Remove(key);
    }

    /// <summary>Every key of every database, in some order.</summary>
    public List<RdbEntry> All()
    {
        var target = new CollectingTarget();
        var session = Persistence.StartSnapshot(target, new SnapshotOptions());
        Assert.True(session.Wait(TimeSpan.FromSeconds(90)));
        Assert.Equal(SnapshotState.Completed, session.State);
        return RdbBytes.Read(target.Bytes, out _)!;
    }

    /// <summary>Saves and waits.</summary>
    public bool Save(bool background = false)
    {
        using var ended = new ManualResetEventSlim();
        var isSaved = false;
        Assert.True(Persistence.TryStartSave(background, succeeded =>
        {
            isSaved = succeeded;
            ended.Set();
        }));
        Assert.True(ended.Wait(TimeSpan.FromSeconds(90)));
        return isSaved;
    }

    public string? Reload(bool save = true, bool flush = true, bool merge = false)
    {
        using var ended = new ManualResetEventSlim();
        string? result = null;
        Persistence.Reload(save, flush, merge, error =>
        {
            result = error;
            ended.Set();
        });
        Assert.True(ended.Wait(TimeSpan.FromSeconds(90)));
        return result;
    }

    public void Dispose()
    {
        Persistence.Stop();
        Server.Keyspace.Dispose();
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
    }

    void ILoggerFactory.AddProvider(ILoggerProvider provider)
    {
    }

    ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue(formatter(state, exception));
}
