using Microsoft.Extensions.Logging;

namespace Starling.Node.Persistence;

/// <summary>The log lines of persistence; Redis's words where it has the line.</summary>
internal static partial class PersistenceLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Background saving started by pid {ProcessId}")]
    public static partial void BackgroundSaveStarted(ILogger logger, int processId);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Fields of hashes expire: the RDB has version {Version}, which servers before 7.4 do not read")]
    public static partial void NewerFormat(ILogger logger, int version);

    [LoggerMessage(Level = LogLevel.Information, Message = "DB saved on disk")]
    public static partial void Saved(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Background saving terminated with success")]
    public static partial void BackgroundSaveSucceeded(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Background saving error")]
    public static partial void BackgroundSaveFailed(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Background saving cancelled")]
    public static partial void BackgroundSaveCancelled(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Changes} changes in {Seconds} seconds. Saving...")]
    public static partial void SavePointReached(ILogger logger, int changes, long seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is a child saving an .rdb. Killing it!")]
    public static partial void EndingBackgroundSave(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Failed opening the temp RDB file {File} (in server root dir {Directory}) for saving: {Problem}")]
    public static partial void OpenFailed(ILogger logger, string file, string directory, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Write error while saving DB to the disk({Operation}): {Problem}")]
    public static partial void WriteFailed(ILogger logger, string operation, string problem);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Error moving temp DB file {Temporary} on the final destination {File} (in server root dir {Directory}): {Problem}")]
    public static partial void RenameFailed(
        ILogger logger, string temporary, string file, string directory, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Failed to fsync directory while saving DB: {Problem}")]
    public static partial void DirectoryFlushFailed(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Can't delete the temp RDB file {File}: {Problem}")]
    public static partial void TemporaryFileStays(ILogger logger, string file, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Loading RDB produced by version {Version}")]
    public static partial void ProducedBy(ILogger logger, string version);

    [LoggerMessage(Level = LogLevel.Information, Message = "RDB age {Seconds} seconds")]
    public static partial void Age(ILogger logger, long seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "RDB memory usage when created {Megabytes} Mb")]
    public static partial void MemoryWhenCreated(ILogger logger, string megabytes);

    [LoggerMessage(Level = LogLevel.Information, Message = "RDB has an AOF tail")]
    public static partial void HasAofTail(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "RDB is base AOF")]
    public static partial void IsBaseAof(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "RDB '{Field}': {Text}")]
    public static partial void InformationField(ILogger logger, string field, string text);

    [LoggerMessage(Level = LogLevel.Trace, Message = "Unrecognized RDB AUX field: '{Field}'")]
    public static partial void UnknownField(ILogger logger, string field);

    [LoggerMessage(Level = LogLevel.Information, Message = "Skipping the data of a module in the RDB file: there are no modules")]
    public static partial void ModuleSkipped(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "RDB file was saved with checksum disabled: no check performed.")]
    public static partial void NoChecksum(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Done loading RDB, keys loaded: {Loaded}, keys expired: {Expired}.")]
    public static partial void Loaded(ILogger logger, long loaded, long expired);

    [LoggerMessage(Level = LogLevel.Information, Message = "DB loaded from disk: {Seconds} seconds")]
    public static partial void LoadedFromDisk(ILogger logger, string seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Fatal error: can't open the RDB file {File} for reading: {Problem}")]
    public static partial void OpenForReadingFailed(ILogger logger, string file, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Error}")]
    public static partial void LoadFailed(ILogger logger, string error);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Internal error in RDB reading offset {Offset}, function at RdbReader -> {Reason}")]
    public static partial void InvalidData(ILogger logger, long offset, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "rdbLoadObject skipping empty key: {Key}")]
    public static partial void EmptyKey(ILogger logger, string key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Terminating server after rdb file reading failure.")]
    public static partial void TerminatingAfterLoad(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Fatal error loading the DB, check server logs. Exiting.")]
    public static partial void LoadIsFatal(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "DB reloaded by DEBUG RELOAD")]
    public static partial void Reloaded(ILogger logger);
}
