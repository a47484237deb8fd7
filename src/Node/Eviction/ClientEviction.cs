using Microsoft.Extensions.Logging;
using Starling.Node.Serving;

namespace Starling.Node.Eviction;

/// <summary>Closes the clients that take most memory while all of them take more than maxmemory-clients allows.</summary>
internal sealed class ClientEviction
{
    /// <summary>A smaller limit would leave no client that could set another one.</summary>
    private const long LeastLimit = 128 << 10;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly NodeBasics _basics;
    private readonly ILogger _logger;
    private long _evicted;

    /// <summary>Registers it with the cron and with INFO.</summary>
    public ClientEviction(NodeBasics basics)
    {
        _basics = basics;
        _logger = basics.Loggers.CreateLogger(nameof(ClientEviction));
        basics.Cron.Every(Period, _ => Run());
        basics.Info.Add("stats", info => info.Field("evicted_clients", Interlocked.Read(ref _evicted)));
        basics.Info.AddReset(() => Interlocked.Exchange(ref _evicted, 0));
    }

    /// <summary>Bytes that the clients may take together; 0 for no limit.</summary>
    private long Limit
    {
        get
        {
            var limit = _basics.Config.MaxMemoryClients;
            if (limit < 0) limit = (long)(_basics.Config.MaxMemory * (-limit / 100.0));
            return limit == 0 ? 0 : Math.Max(LeastLimit, limit);
        }
    }

    private void Run()
    {
        var limit = Limit;
        if (limit == 0) return;
        var clients = _basics.Clients.Snapshot()
            .Where(connection => connection.Session.Kind is ClientKind.Normal or ClientKind.PubSub)
            .Select(connection => (Connection: connection, Bytes: ClientInfo.BytesOf(connection, NodeSession.Of(connection))))
            .ToList();
        var total = clients.Sum(client => client.Bytes);
        foreach (var (connection, bytes) in clients.OrderByDescending(client => client.Bytes))
        {
            if (total < limit) return;
            if (connection.Session.NoEvict) continue;
            EvictionLog.EvictingClient(_logger, connection.Describe());
            Interlocked.Increment(ref _evicted);
            connection.Close();
            total -= bytes;
        }

        if (total >= limit) EvictionLog.ClientsStillTooLarge(_logger);
    }
}
