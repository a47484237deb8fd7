using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Node.Persistence;

/// <summary>
/// Loads one RDB stream into a keyspace. Takes the stripe of each key while it puts it there, nothing else.
/// </summary>
internal sealed class RdbLoader
{
    private const int ProgressEvery = 1024;

    private readonly Executor _executor;
    private readonly CommandContext _call; // of every scope, instead of one for each key
    private readonly Keyspace _keyspace;
    private readonly RdbReader _reader;
    private readonly RdbLoadOptions _options;
    private readonly LoadingProgress _progress;
    private readonly ILogger _logger;
    private readonly long _now;
    private string? _replicationId;
    private long _offset = -1;
    private int _streamDatabase = -1;
    private string? _error;
    private ILibraryBatch? _libraries;

    public RdbLoader(
        Executor executor,
        Keyspace keyspace,
        RdbReader reader,
        RdbLoadOptions options,
        LoadingProgress progress,
        ILogger logger,
        long now)
    {
        _executor = executor;
        _call = executor.NewCall();
        _keyspace = keyspace;
        _reader = reader;
        _options = options;
        _progress = progress;
        _logger = logger;
        _now = now;
    }

    /// <summary>Where libraries of functions go; null where there are none: a stream that has some is refused.</summary>
    public ILibraryStore? Libraries { get; init; }

    /// <summary>Loads the stream to its end or its first fault.</summary>
    public RdbLoadResult Run()
    {
        using (_libraries = Libraries?.BeginBatch(isTimed: false)) return Load();
    }

    private RdbLoadResult Load()
    {
        var item = _reader.Read();
        for (var count = 1; item is not (RdbItem.End or RdbItem.Failed); count++)
        {
            if (!TryTake(item)) break;
            if (count % ProgressEvery == 0) _progress.LoadedBytes = _reader.Position;
            item = _reader.Read();
        }

        _progress.LoadedBytes = _reader.Position;
        if (item == RdbItem.Failed) ReportReader();
        if (item == RdbItem.End && TryPublish())
        {
            if (_reader.LacksChecksum) PersistenceLog.NoChecksum(_logger);
            PersistenceLog.Loaded(_logger, _progress.KeysLoaded, _progress.KeysExpired);
        }

        return new RdbLoadResult
        {
            Error = _error,
            IsDamaged = item == RdbItem.Failed && _reader.Detail is not null,
            KeysLoaded = _progress.KeysLoaded,
            KeysExpired = _progress.KeysExpired,
            Position = Position(),
            Unread = item == RdbItem.End ? _reader.Unread.ToArray() : default,
        };
    }

    // A stream that goes on in a database that this server does not have cannot be gone on with.
    private ReplicationPosition? Position() =>
        _replicationId is not null && _offset != -1 && _streamDatabase >= 0 && _streamDatabase < _keyspace.DatabaseCount
            ? new ReplicationPosition(_replicationId, _offset, _streamDatabase)
            : null;

    private void ReportReader()
    {
        _error = _reader.Error!;
        PersistenceLog.LoadFailed(_logger, _error);
        if (_reader.Detail is { } detail) PersistenceLog.InvalidData(_logger, _reader.Position, detail);
    }

    private bool TryTake(RdbItem item)
    {
        switch (item)
        {
            case RdbItem.Entry:
                return TryTakeEntry();
            case RdbItem.Auxiliary:
                TakeField();
                return true;
            case RdbItem.ModuleAuxiliary:
                PersistenceLog.ModuleSkipped(_logger);
                return true;
            case RdbItem.Function:
                return TryTakeLibrary();
            default:
                return true;
        }
    }

    private bool TryTakeLibrary()
    {
        var problem = _libraries is null ? "functions are not supported" : _libraries.Add(_reader.Value, _options.AllowDuplicates);
        return problem is null || Refuse("Failed loading a library of functions: " + problem);
    }

    /// <summary>The stream was read to its end: its libraries are known from now on, all at once.</summary>
    private bool TryPublish()
    {
        if (_libraries is null) return true;
        string? problem;
        using (_executor.Open(_call, LockPlan.All)) problem = _libraries.Publish(_options.KeepsLibraries, _options.AllowDuplicates);
        return problem is null || Refuse("Failed loading a library of functions: " + problem);
    }

    private bool TryTakeEntry()
    {
        if (_reader.Database >= (ulong)_keyspace.DatabaseCount)
        {
            return Refuse(string.Create(
                CultureInfo.InvariantCulture,
                $"FATAL: Data file was created with a Redis server configured to handle more than {_keyspace.DatabaseCount} databases. Exiting"));
        }

        if (_reader.ExpiresAt != -1 && _reader.ExpiresAt < _now && !_options.KeepExpired)
        {
            DropExpired();
            return true;
        }

        var key = _keyspace.Key(_reader.Key);
        var database = _keyspace[(int)_reader.Database];
        switch (database.Load(key.Slot, _reader.Form, _reader.TakeContent(), out var value))
        {
            case ContentOutcome.EndedEarly:
                return FailContent(null);
            case ContentOutcome.Invalid:
                return FailContent(string.Create(
                    CultureInfo.InvariantCulture, $"integrity check failed: content of a value in form {_reader.Form}"));
            case ContentOutcome.Empty:
                PersistenceLog.EmptyKey(_logger, Encoding.UTF8.GetString(_reader.Key));
                return true;
            default:
                return TryPut(database, key, value);
        }
    }

    private bool FailContent(string? detail)
    {
        _reader.FailContent(detail);
        ReportReader();
        return false;
    }

    private bool TryPut(Database database, in Key key, in LoadedValue value)
    {
        using (_executor.Open(_call, LockPlan.Slot(key.Slot)))
        {
            if (!_options.AllowDuplicates && database.TryFind(key, out _))
            {
                database.Discard(key.Slot, value);
                return Refuse(string.Create(
                    CultureInfo.InvariantCulture,
                    $"RDB has duplicated key '{Encoding.UTF8.GetString(_reader.Key)}' in DB {_reader.Database}"));
            }

            database.Put(key, value, Math.Max(_reader.ExpiresAt, Entry.NoExpiry), AccessClock());
        }

        _progress.KeysLoaded++;
        return true;
    }

    private void DropExpired()
    {
        _progress.KeysExpired++;
        if (_options.BeforeExpired is not { } prepare) return;
        prepare();
        var key = _keyspace.Key(_reader.Key);
        using (_executor.Open(_call, LockPlan.Slot(key.Slot))) _call.NoteAbsent(_keyspace[(int)_reader.Database], key);
    }

    private uint AccessClock() =>
        _call.Node.Access.ClockOf(_reader.IdleSeconds, _reader.Frequency, _now);

    private bool Refuse(string error)
    {
        _error = error;
        PersistenceLog.LoadFailed(_logger, error);
        return false;
    }

    private void TakeField()
    {
        var name = Encoding.UTF8.GetString(_reader.Key);
        var text = Encoding.UTF8.GetString(_reader.Value);
        if (name.StartsWith('%'))
        {
            PersistenceLog.InformationField(_logger, name, text);
            return;
        }

        switch (name.ToLowerInvariant())
        {
            case "repl-stream-db":
                _streamDatabase = (int)Math.Clamp(Number(), -1, int.MaxValue);
                break;
            case "repl-id":
                if (text.Length == 40) _replicationId = text;
                break;
            case "repl-offset":
                _offset = Number();
                break;
            case "redis-ver" or "valkey-ver":
                PersistenceLog.ProducedBy(_logger, text);
                break;
            case "ctime":
                PersistenceLog.Age(_logger, Math.Max(0, (_now / 1000) - Number()));
                break;
            case "used-mem":
                _progress.UsedMemory = Number();
                var megabytes = _progress.UsedMemory / (1024.0 * 1024.0);
                PersistenceLog.MemoryWhenCreated(_logger, megabytes.ToString("F2", CultureInfo.InvariantCulture));
                break;
            case "aof-preamble":
                if (Number() != 0) PersistenceLog.HasAofTail(_logger);
                break;
            case "aof-base":
                if (Number() != 0) PersistenceLog.IsBaseAof(_logger);
                break;
            case "redis-bits" or "lua":
                break;
            default:
                PersistenceLog.UnknownField(_logger, name);
                break;
        }
    }

    private long Number() =>
        Utf8Parser.TryParse(_reader.Value, out long number, out var used) && used == _reader.Value.Length ? number : 0;
}
