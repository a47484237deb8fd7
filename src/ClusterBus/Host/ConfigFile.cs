using System.Globalization;
using System.Text;
using Starling.Slots;

namespace Starling.ClusterBus.Host;

/// <summary>
/// The file that keeps a node's view of the cluster (nodes.conf): locked against other processes as long as this object
/// lives, replaced as a whole. Used by one thread at a time.
/// </summary>
public sealed class ConfigFile : IDisposable
{
    private const int WouldBlock = 11;

    private readonly string _path;
    private FileStream _locked;
    private int _saves;

    private ConfigFile(string path, FileStream locked)
    {
        _path = path;
        _locked = locked;
    }

    /// <summary>
    /// Opens the file, making an empty one when there is none, and locks it (flock) for this process.
    /// </summary>
    /// <exception cref="ClusterStartException">It cannot be opened, or another process holds it.</exception>
    public static ConfigFile Open(string path)
    {
        LockOrder.AssertMayBlock("opening nodes.conf");
        if (Directory.Exists(path))
            throw new ClusterStartException($"Can't open {path} in order to acquire a lock: Is a directory");
        try
        {
            return new ConfigFile(
                Path.GetFullPath(path),
                new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            throw new ClusterStartException(
                $"Sorry, the cluster configuration file {path} is already used by a different Redis Cluster node. "
                + "Please make sure that different nodes use different cluster configuration files.",
                e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ClusterStartException($"Can't open {path} in order to acquire a lock: {SystemErrors.Explain(e)}", e);
        }
    }

    /// <summary>The file's text; empty when it was just made.</summary>
    /// <exception cref="ClusterStartException">It cannot be read.</exception>
    public string Read()
    {
        LockOrder.AssertMayBlock("reading nodes.conf");
        try
        {
            _locked.Position = 0;
            using var reader = new StreamReader(_locked, Encoding.UTF8, leaveOpen: true);
            return reader.ReadToEnd();
        }
        catch (IOException e)
        {
            throw new ClusterStartException($"Loading the cluster node config from {_path}: {SystemErrors.Explain(e)}", e);
        }
    }

    /// <summary>True when the file's last text is not known to be on the disk.</summary>
    public bool IsUnsynced { get; private set; }

    /// <summary>
    /// Replaces the file: the text is written to a temporary file, which takes the name. After a crash of the process
    /// there is the old text or the new one, and the new one once this returned.
    /// </summary>
    /// <param name="text">The new text.</param>
    /// <param name="sync">
    /// The file and its directory are fsynced, so that a crash of the machine does no harm either.
    /// </param>
    /// <exception cref="IOException">
    /// It did not work; the old file is still there, or the new one is not synced.
    /// </exception>
    public void Save(string text, bool sync) => Replace(text, sync).Dispose();

    /// <summary>Fsyncs what was saved without.</summary>
    /// <exception cref="IOException">It did not work.</exception>
    public void Sync()
    {
        if (!IsUnsynced) return;
        LockOrder.AssertMayBlock("syncing nodes.conf");
        _locked.Flush(flushToDisk: true);
        DirectorySync.Flush(Path.GetDirectoryName(_path)!);
        IsUnsynced = false;
    }

    /// <summary>As <see cref="Save"/>, but leaves it to the caller to close the former file.</summary>
    internal IDisposable Replace(string text, bool sync)
    {
        LockOrder.AssertMayBlock("writing nodes.conf");
        var temporary = string.Create(CultureInfo.InvariantCulture, $"{_path}.tmp-{Environment.ProcessId}-{++_saves}");

        // The lock is on the file's inode, which a rename replaces: the new file is locked before it takes the name.
        FileStream? replacement = null;
        try
        {
            replacement = new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
            replacement.Write(Encoding.UTF8.GetBytes(text));
            replacement.Flush(flushToDisk: sync);
            File.Move(temporary, _path, overwrite: true);
            if (sync) DirectorySync.Flush(Path.GetDirectoryName(_path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            replacement?.Dispose();
            File.Delete(temporary);
            throw e as IOException ?? new IOException(SystemErrors.Explain(e), e);
        }

        var former = _locked;
        _locked = replacement;
        IsUnsynced = !sync;
        return former;
    }

    /// <summary>Lets go of the lock.</summary>
    public void Dispose() => _locked.Dispose();
}
