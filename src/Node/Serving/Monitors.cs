using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Slots;

namespace Starling.Node.Serving;

/// <summary>
/// Who is shown every command (MONITOR). A command is shown when it has run, under its stripes, so that commands on one key are shown
/// in their order; its line is written once and left in the monitors' outputs, whose threads send it. Any thread.
/// </summary>
internal sealed class Monitors(NodeBasics basics)
{
    private readonly RankedLock _lock = new(LockRank.Subscriptions, nameof(Monitors)); // changes, and the lines' order
    private readonly ILogger _logger = basics.Loggers.CreateLogger("Serving");
    private volatile CommandMonitor[] _monitors = [];

    /// <summary>Somebody wants to be shown commands.</summary>
    public bool IsInUse => _monitors.Length > 0;

    /// <summary>A client is shown every command from now on. It has a connection.</summary>
    public void Add(NodeSession session)
    {
        var monitor = new CommandMonitor(session);
        using (_lock.Enter()) _monitors = [.. _monitors, monitor];
        session.Monitor = monitor;
    }

    /// <summary>A client is shown nothing any more, if it was.</summary>
    public void Remove(NodeSession session)
    {
        if (session.Monitor is not { } monitor) return;
        session.Monitor = null;
        monitor.End();
        using (_lock.Enter()) _monitors = [.. _monitors.Where(other => other != monitor)];
    }

    /// <summary>Shows a command that has just run.</summary>
    public void Show(CommandContext call, CommandRow command)
    {
        if ((command.Flags & (CommandFlags.Admin | CommandFlags.SkipMonitor)) != 0) return;
        try
        {
            using (_lock.Enter())
            {
                byte[]? line = null;
                foreach (var monitor in _monitors)
                {
                    if (monitor.Session == call.Session) ShowItself(call, line ??= Line(call));
                    else if (monitor.Session.ReplyMode != ReplyMode.Off) Push(monitor, line ??= Line(call));
                }
            }
        }
        catch (OutOfMemoryException)
        {
            ServingLog.LineTooLong(_logger, command.FullName);
        }
    }

    private static void Push(CommandMonitor monitor, byte[] line)
    {
        var connection = monitor.Session.Connection!;
        int protocol;
        do protocol = connection.PushProtocol;
        while (!connection.TryPush(line, monitor, protocol));
    }

    /// <summary>Who monitors itself reads its line behind the reply, as in Redis, but for what EXEC runs: behind EXEC's then.</summary>
    private static void ShowItself(CommandContext call, byte[] line)
    {
        var session = call.Session;
        if (session.CloseAfterReply || session.MutedFrom >= 0) return;
        if (call.IsInExec)
        {
            Push(session.Monitor!, line);
            return;
        }

        session.Connection!.SettlePushes(session.LastWriteOffset);
        call.Reply.Raw(line);
    }

    private byte[] Line(CommandContext call)
    {
        var session = call.Session;
        var microseconds = (basics.Clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var address = session.Connection switch
        {
            null => "?:0",
            { IsUnixSocket: true } => "unix:" + basics.Config.UnixSocket,
            var connection => connection.RemoteAddress,
        };
        var head = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"+{microseconds / 1_000_000}.{microseconds % 1_000_000:000000} [{session.DatabaseIndex} {address}]"));
        var length = head.Length + 2L;
        for (var i = 0; i < call.Count; i++) length += 1 + QuotedText.LengthOf(Shown(call, i));
        if (length > Array.MaxLength) throw new OutOfMemoryException();
        var line = GC.AllocateUninitializedArray<byte>((int)length);
        head.CopyTo(line, 0);
        var at = head.Length;
        for (var i = 0; i < call.Count; i++)
        {
            line[at++] = (byte)' ';
            at += QuotedText.Write(Shown(call, i), line.AsSpan(at));
        }

        "\r\n"u8.CopyTo(line.AsSpan(at));
        return line;
    }

    private static ReadOnlySpan<byte> Shown(CommandContext call, int index) =>
        call.Session.Hidden.Contains(index) ? HiddenArguments.Text : call[index];
}
