using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Starling.ClusterBus.Host;
using Starling.Slots;

namespace Starling.Node.Persistence;

/// <summary>
/// Writes an RDB file: to a temporary name in the same directory, flushed to the disk, then renamed over the final
/// name, then the directory
/// is flushed. A crash at any moment leaves the old file or the new one. Once the snapshot was cancelled the file does
/// not get its final name any more.
/// </summary>
internal sealed class RdbFileTarget : ISnapshotTarget
{
    private readonly string _directory;
    private readonly string _path;
    private readonly string _temporaryPath;
    private readonly ILogger _logger;
    private readonly RankedLock _naming;
    private SafeFileHandle? _file;
    private long _length;

    /// <summary>Names the file; it is opened by the first write.</summary>
    /// <param name="path">The final name.</param>
    /// <param name="naming">Held while a file gets the final name: who cancels and then takes it is not
    /// overtaken.</param>
    /// <param name="logger">The log.</param>
    public RdbFileTarget(string path, RankedLock naming, ILogger logger)
    {
        _naming = naming;
        _path = path;
        _directory = Path.GetDirectoryName(path)!;
        _temporaryPath = Path.Combine(_directory, FormattableString.Invariant($"temp-{Environment.ProcessId}.rdb"));
        _logger = logger;
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation)
    {
        LockOrder.AssertMayBlock("writing the RDB file");
        cancellation.ThrowIfCancellationRequested();
        _file ??= Open();
        try
        {
            RandomAccess.Write(_file, bytes, _length);
            _length += bytes.Length;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            PersistenceLog.WriteFailed(_logger, "rdbSaveRio", SystemErrors.Explain(problem));
            throw new IOException(SystemErrors.Explain(problem), problem);
        }
    }

    /// <inheritdoc/>
    public void Complete(CancellationToken cancellation)
    {
        LockOrder.AssertMayBlock("syncing the RDB file");
        Flush();
        using (_naming.Enter())
        {
            cancellation.ThrowIfCancellationRequested();
            Rename();
        }

        try
        {
            DirectorySync.Flush(_directory);
        }
        catch (IOException problem)
        {
            PersistenceLog.DirectoryFlushFailed(_logger, SystemErrors.Explain(problem));
            throw;
        }

        PersistenceLog.Saved(_logger);
    }

    /// <inheritdoc/>
    public void Abandon()
    {
        if (_file is null) return;
        LockOrder.AssertMayBlock("deleting a file");
        _file.Dispose();
        try
        {
            File.Delete(_temporaryPath);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            PersistenceLog.TemporaryFileStays(_logger, _temporaryPath, SystemErrors.Explain(problem));
        }
    }

    private SafeFileHandle Open()
    {
        try
        {
            return File.OpenHandle(_temporaryPath, FileMode.Create, FileAccess.Write, FileShare.Read);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            PersistenceLog.OpenFailed(_logger, _temporaryPath, _directory, SystemErrors.Explain(problem));
            throw new IOException(SystemErrors.Explain(problem), problem);
        }
    }

    private void Flush()
    {
        try
        {
            RandomAccess.FlushToDisk(_file!);
            _file!.Dispose();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            PersistenceLog.WriteFailed(_logger, "fsync", SystemErrors.Explain(problem));
            throw new IOException(SystemErrors.Explain(problem), problem);
        }
    }

    private void Rename()
    {
        try
        {
            File.Move(_temporaryPath, _path, overwrite: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            PersistenceLog.RenameFailed(_logger, _temporaryPath, _path, _directory, SystemErrors.Explain(problem));
            throw new IOException(SystemErrors.Explain(problem), problem);
        }
    }
}
