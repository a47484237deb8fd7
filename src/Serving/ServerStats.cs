using System.Collections.Concurrent;
using System.Text;
using Starling.Slots;

namespace Starling.Serving;

/// <summary>
/// The server's counters. Threads that execute commands count in cells of their own; reading sums them up. CONFIG
/// RESETSTAT remembers the sums and subtracts them from then on, so that nobody's counter is ever written by another
/// thread.
/// </summary>
public sealed class ServerStats
{
    private const int Samples = 16;

    private readonly int _commands;
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(ServerStats)); // guards _cells, _free and the baseline; takes no other lock
    private readonly RankedLock _sampling = new(LockRank.Leaf, "ServerStats' samples"); // guards _samples
    private readonly List<StatsCell> _cells = [];
    private readonly Stack<StatsCell> _free = [];
    private readonly ThreadLocal<CellOwner> _own;
    private readonly ConcurrentDictionary<string, long> _errors = new(StringComparer.Ordinal);
    private readonly TrafficSample[] _samples = new TrafficSample[Samples];
    private StatsCell _baseline;
    private long _connectionsReceived;
    private long _rejectedConnections;
    private long _errorReplies;
    private long _outputLimitDisconnections;
    private long _queryLimitDisconnections;
    private long _sampleTime;
    private TrafficSample _sampleBase;
    private int _sample;

    /// <summary>Makes counters for a command table.</summary>
    public ServerStats(CommandTable table)
    {
        _commands = table.All.Count;
        _baseline = new StatsCell(_commands);
        _own = new ThreadLocal<CellOwner>(() => new CellOwner(this));
    }

    /// <summary>Connections accepted since the start or the last reset.</summary>
    public long ConnectionsReceived => Interlocked.Read(ref _connectionsReceived);

    /// <summary>Connections refused because of maxclients.</summary>
    public long RejectedConnections => Interlocked.Read(ref _rejectedConnections);

    /// <summary>Error replies.</summary>
    public long ErrorReplies => Interlocked.Read(ref _errorReplies);

    /// <summary>Clients closed because they did not read.</summary>
    public long OutputLimitDisconnections => Interlocked.Read(ref _outputLimitDisconnections);

    /// <summary>Clients closed because their query was too long.</summary>
    public long QueryLimitDisconnections => Interlocked.Read(ref _queryLimitDisconnections);

    /// <summary>Commands processed.</summary>
    public long CommandsProcessed => Sum(cell => Volatile.Read(ref cell.Commands));

    /// <summary>Reads that found their key.</summary>
    public long KeyspaceHits => Sum(cell => Volatile.Read(ref cell.KeyspaceHits));

    /// <summary>Reads that did not.</summary>
    public long KeyspaceMisses => Sum(cell => Volatile.Read(ref cell.KeyspaceMisses));

    /// <summary>Bytes received from clients.</summary>
    public long NetInputBytes => Sum(cell => Volatile.Read(ref cell.NetInputBytes));

    /// <summary>Bytes sent to clients.</summary>
    public long NetOutputBytes => Sum(cell => Volatile.Read(ref cell.NetOutputBytes));

    /// <summary>Bytes received from the master; part of <see cref="NetInputBytes"/>.</summary>
    public long ReplicationInputBytes => Sum(cell => Volatile.Read(ref cell.ReplicationInputBytes));

    /// <summary>Bytes sent to replicas; part of <see cref="NetOutputBytes"/>.</summary>
    public long ReplicationOutputBytes => Sum(cell => Volatile.Read(ref cell.ReplicationOutputBytes));

    /// <summary>Receives from sockets of clients.</summary>
    public long Reads => Sum(cell => Volatile.Read(ref cell.Reads));

    /// <summary>Sends to sockets of clients.</summary>
    public long Writes => Sum(cell => Volatile.Read(ref cell.Writes));

    /// <summary>Commands per second, over the last 1.6 seconds.</summary>
    public long InstantaneousCommands => Mean(sample => sample.Commands);

    /// <summary>Bytes received per second, over the last 1.6 seconds.</summary>
    public long InstantaneousInputBytes => Mean(sample => sample.Input);

    /// <summary>Bytes sent per second, over the last 1.6 seconds.</summary>
    public long InstantaneousOutputBytes => Mean(sample => sample.Output);

    /// <summary>Bytes received from the master per second, over the last 1.6 seconds.</summary>
    public long InstantaneousReplicationInputBytes => Mean(sample => sample.ReplicationInput);

    /// <summary>Bytes sent to replicas per second, over the last 1.6 seconds.</summary>
    public long InstantaneousReplicationOutputBytes => Mean(sample => sample.ReplicationOutput);

    /// <summary>Error replies by their first word.</summary>
    public IReadOnlyDictionary<string, long> Errors => _errors;

    /// <summary>The cell of this thread.</summary>
    internal StatsCell Own => _own.Value!.Cell;

    /// <summary>The counters of one command.</summary>
    public CommandCounters Of(CommandRow command)
    {
        var at = command.Ordinal;
        var counters = default(CommandCounters);
        using (_lock.Enter())
        {
            foreach (var cell in _cells) Add(ref counters, cell.PerCommand[at], 1);
            Add(ref counters, _baseline.PerCommand[at], -1);
        }

        return counters;
    }

    /// <summary>The durations of one command, for INFO latencystats; null when none was noted.</summary>
    internal LatencyHistogram? LatencyOf(CommandRow command)
    {
        var at = command.Ordinal;
        LatencyHistogram? sum = null;
        using (_lock.Enter())
        {
            foreach (var cell in _cells)
            {
                if (cell.LatencyOf(at) is { } latency) (sum ??= new LatencyHistogram()).Add(latency, 1);
            }

            if (sum is not null && _baseline.LatencyOf(at) is { } before) sum.Add(before, -1);
        }

        return sum is null || sum.IsEmpty ? null : sum;
    }

    /// <summary>CONFIG RESETSTAT: everything counts from zero again.</summary>
    public void Reset()
    {
        using (_lock.Enter())
        {
            var sum = new StatsCell(_commands);
            foreach (var cell in _cells)
            {
                sum.Commands += cell.Commands;
                sum.KeyspaceHits += cell.KeyspaceHits;
                sum.KeyspaceMisses += cell.KeyspaceMisses;
                sum.NetInputBytes += cell.NetInputBytes;
                sum.NetOutputBytes += cell.NetOutputBytes;
                sum.ReplicationInputBytes += cell.ReplicationInputBytes;
                sum.ReplicationOutputBytes += cell.ReplicationOutputBytes;
                sum.Reads += cell.Reads;
                sum.Writes += cell.Writes;
                for (var i = 0; i < _commands; i++) Add(ref sum.PerCommand[i], cell.PerCommand[i], 1);
                sum.AddLatencies(cell);
            }

            _baseline = sum;
        }

        _errors.Clear();
        Interlocked.Exchange(ref _connectionsReceived, 0);
        Interlocked.Exchange(ref _rejectedConnections, 0);
        Interlocked.Exchange(ref _errorReplies, 0);
        Interlocked.Exchange(ref _outputLimitDisconnections, 0);
        Interlocked.Exchange(ref _queryLimitDisconnections, 0);
    }

    internal void CountConnection() => Interlocked.Increment(ref _connectionsReceived);

    internal void CountRejectedConnection() => Interlocked.Increment(ref _rejectedConnections);

    internal void CountOutputLimit() => Interlocked.Increment(ref _outputLimitDisconnections);

    internal void CountQueryLimit() => Interlocked.Increment(ref _queryLimitDisconnections);

    internal void CountReplicationInput(int bytes)
    {
        var stats = Own;
        stats.NetInputBytes += bytes;
        stats.ReplicationInputBytes += bytes;
    }

    /// <summary>Counts the error that a command replied after its call had been counted. On an I/O thread.</summary>
    internal void CountFailure(CommandRow? command, ReadOnlySpan<byte> code)
    {
        if (command is not null) Own.PerCommand[command.Ordinal].Failed++;
        CountError(code);
    }

    internal void CountError(ReadOnlySpan<byte> code)
    {
        Interlocked.Increment(ref _errorReplies);
        _errors.AddOrUpdate(Encoding.ASCII.GetString(code), 1, (_, count) => count + 1);
    }

    /// <summary>Takes a sample for the instantaneous figures; the cron calls it ten times a second.</summary>
    internal void Sample(long now)
    {
        var sum = default(TrafficSample);
        using (_lock.Enter())
        {
            foreach (var cell in _cells)
            {
                sum += new TrafficSample(
                    Volatile.Read(ref cell.Commands),
                    Volatile.Read(ref cell.NetInputBytes),
                    Volatile.Read(ref cell.NetOutputBytes),
                    Volatile.Read(ref cell.ReplicationInputBytes),
                    Volatile.Read(ref cell.ReplicationOutputBytes));
            }
        }

        var elapsed = now - _sampleTime;
        if (_sampleTime != 0 && elapsed > 0)
        {
            using (_sampling.Enter())
            {
                _samples[_sample] = sum.PerSecondSince(_sampleBase, elapsed);
                _sample = (_sample + 1) % Samples;
            }
        }

        _sampleTime = now;
        _sampleBase = sum;
    }

    private static void Add(ref CommandCounters sum, in CommandCounters part, int sign)
    {
        sum.Calls += sign * part.Calls;
        sum.Ticks += sign * part.Ticks;
        sum.Rejected += sign * part.Rejected;
        sum.Failed += sign * part.Failed;
    }

    private long Mean(Func<TrafficSample, long> part)
    {
        using (_sampling.Enter()) return _samples.Sum(part) / Samples;
    }

    private long Sum(Func<StatsCell, long> part)
    {
        using (_lock.Enter()) return _cells.Sum(part) - part(_baseline);
    }

    private StatsCell Rent()
    {
        using (_lock.Enter())
        {
            if (_free.TryPop(out var cell)) return cell;
            cell = new StatsCell(_commands);
            _cells.Add(cell);
            return cell;
        }
    }

    private void GiveBack(StatsCell cell)
    {
        using (_lock.Enter()) _free.Push(cell);
    }

    /// <summary>Gives a thread's cell, counts and all, to another thread once the first has ended.</summary>
    private sealed class CellOwner(ServerStats stats)
    {
        ~CellOwner() => stats.GiveBack(Cell);

        public StatsCell Cell { get; } = stats.Rent();
    }
}
