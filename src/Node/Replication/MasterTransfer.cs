using Microsoft.Extensions.Logging;
using Starling.Node.Persistence;
using Starling.Slots;

namespace Starling.Node.Replication;

/// <summary>
/// A full synchronisation from a master: the snapshot goes to a file first and is loaded from there, or is loaded from
/// the connection as it comes (<c>repl-diskless-load</c>).
/// </summary>
internal sealed class MasterTransfer(
    ReplicationService service,
    MasterLink link,
    MasterConnection connection,
    ILogger logger)
{
    private const int Piece = 64 * 1024;

    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(5);

    private long _newlineAt;

    private NodeBasics Basics => service.Basics;

    private TimeSpan Timeout => TimeSpan.FromSeconds(Basics.Config.ReplTimeout);

    /// <summary>Receives and loads the snapshot. False when the link has been given up meanwhile.</summary>
    /// <exception cref="MasterLinkException">It failed; the reason is logged.</exception>
    public bool Run(MasterAnswer answer)
    {
        link.Progress.Begin(0, Basics.NowMilliseconds);
        using var snapshot = Open();
        var direct = LoadsDirectly();
        var target = direct ? "to parser" : "to disk";
        if (snapshot.IsStreamed) MasterLinkMessages.ReceivingStream(logger, target);
        else MasterLinkMessages.ReceivingBytes(logger, snapshot.TotalLength, target);
        link.Progress.Begin(snapshot.TotalLength, Basics.NowMilliseconds);
        var file = direct ? null : Receive(snapshot);
        link.BeginLoading();
        try
        {
            var result = file is null ? LoadFromSocket(snapshot) : LoadFromFile(file);
            return result is not null && service.TryAdopt(link, answer, result.Position);
        }
        finally
        {
            link.EndLoading();
        }
    }

    private MasterSnapshotStream Open()
    {
        string line;
        try
        {
            do line = connection.ReadLine(Timeout);
            while (line.Length == 0);
        }
        catch (TimeoutException)
        {
            MasterLinkMessages.TransferTimeout(logger);
            throw new MasterLinkException("timeout");
        }

        if (line[0] == '-')
        {
            MasterLinkMessages.MasterAborted(logger, line[1..]);
            throw new MasterLinkException(line);
        }

        try
        {
            if (line[0] != '$') throw new FormatException(line);
            return new MasterSnapshotStream(
                connection,
                line[1..],
                Timeout,
                count => link.Progress.Add(count, Basics.NowMilliseconds));
        }
        catch (FormatException)
        {
            MasterLinkMessages.BadPreamble(logger, line);
            throw new MasterLinkException(line);
        }
    }

    /// <summary>
    /// Old data is given up before the new is known to be whole only where the directive allows it: when there is none.
    /// <c>swapdb</c> promises that a transfer that breaks off costs nothing; so does the file.
    /// </summary>
    private bool LoadsDirectly()
    {
        if (Basics.Config.ReplDisklessLoad != "on-empty-db") return false;
        for (var i = 0; i < Basics.Keyspace.DatabaseCount; i++)
        {
            if (Basics.Keyspace[i].Count > 0) return false;
        }

        return true;
    }

    private FileStream Receive(MasterSnapshotStream snapshot)
    {
        FileStream? file = null;
        try
        {
            LockOrder.AssertMayBlock("writing a snapshot's file");
            file = TemporaryFile.Create(Basics);
            var buffer = new byte[Piece];
            int count;
            while ((count = Read(snapshot, buffer)) > 0) file.Write(buffer, 0, count);
            file.Flush(flushToDisk: true);
            return file;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            MasterLinkMessages.FileError(logger, SystemErrors.Explain(failure));
            if (file is not null) TemporaryFile.Delete(file, logger);
            throw new MasterLinkException(SystemErrors.Explain(failure));
        }
        catch (MasterLinkException)
        {
            if (file is not null) TemporaryFile.Delete(file, logger);
            throw;
        }
    }

    private int Read(MasterSnapshotStream snapshot, byte[] buffer)
    {
        try
        {
            return snapshot.Read(buffer, 0, buffer.Length);
        }
        catch (IOException failure)
        {
            if (failure.InnerException is TimeoutException) MasterLinkMessages.TransferTimeout(logger);
            else MasterLinkMessages.TransferFailed(logger, SystemErrors.Explain(failure));
            throw new MasterLinkException(SystemErrors.Explain(failure));
        }
    }

    /// <summary>
    /// Makes the received file the RDB file of this node, as Redis does, and loads it. It gets its name when clients
    /// are answered that the server is loading: from then on nobody saves the old data.
    /// </summary>
    private RdbLoadResult? LoadFromFile(FileStream file)
    {
        void TakeName()
        {
            try
            {
                service.Persistence.ReplaceFile(file.Name);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                MasterLinkMessages.FileError(logger, SystemErrors.Explain(failure));
                TemporaryFile.Delete(file, logger);
                throw new MasterLinkException(SystemErrors.Explain(failure));
            }
        }

        using (file)
        {
            file.Position = 0;
            var result = Load(file, file.Length, TakeName);
            if (result is { Succeeded: false })
            {
                MasterLinkMessages.LoadFromDiskFailed(logger);
                Fail(result);
            }

            return result;
        }
    }

    private RdbLoadResult? LoadFromSocket(MasterSnapshotStream snapshot)
    {
        var result = Load(snapshot, snapshot.IsStreamed ? -1 : snapshot.TotalLength, takeName: null);
        if (result is null) return null;
        if (!result.Succeeded)
        {
            MasterLinkMessages.LoadFromSocketFailed(logger);
            Fail(result);
        }

        // What follows the data is the end of the stream: nothing of a streamed snapshot may be left but its mark.
        if (result.Unread.Length > 0 || Read(snapshot, new byte[1]) > 0 || !snapshot.IsAtEnd)
        {
            MasterLinkMessages.EofMarkBroken(logger);
            service.AbandonLoaded(link);
            Fail(result);
        }

        return result;
    }

    /// <summary>
    /// Loads, emptying the keyspace when the first byte is read: by then clients are answered LOADING. Null when the
    /// link was given up.
    /// </summary>
    private RdbLoadResult? Load(Stream source, long length, Action? takeName)
    {
        MasterLinkMessages.LoadingInMemory(logger);
        var hasBegun = false;
        var watched = new LoadingStream(source, () =>
        {
            if (!hasBegun && !service.TryBeginLoading(link)) throw new IOException("the link was given up");
            hasBegun = true;
            KeepAlive();
        });
        var result = service.Persistence.Load(
            watched,
            new RdbLoadOptions
            {
                KeepExpired = true,
                Length = length,
                FromSocket = takeName is null,
                OnBegin = takeName,

                // While nobody may write yet: a server that became a master meanwhile takes writes as soon as it has
                // loaded, and they must not go with the rest.
                OnEnd = loaded =>
                {
                    if (hasBegun && (link.IsStopped || !loaded.Succeeded)) service.AbandonLoading();
                },
            });
        return link.IsStopped ? null : result;
    }

    private static void Fail(RdbLoadResult result) =>
        throw new MasterLinkException(result.Error ?? "the end mark is missing");

    /// <summary>
    /// While it loads, a replica sends its master an empty line now and then; and a link that was given up ends here.
    /// </summary>
    private void KeepAlive()
    {
        if (link.IsStopped) throw new IOException("the link was given up");
        var now = Basics.NowMilliseconds;
        if (now - _newlineAt < 1000) return;
        _newlineAt = now;
        try
        {
            connection.Send("\n"u8, SendTimeout);
        }
        catch (IOException)
        {
            // A snapshot that is here already is loaded all the same: the stream can be continued over another
            // connection. Who reads from this one learns of its end there.
        }
    }
}
