using System.Globalization;
using Microsoft.Extensions.Logging;
using Starling.Node.Config;
using Starling.Resp;

namespace Starling.Node.Replication;

/// <summary>
/// The conversation with a master up to its answer to PSYNC, in Redis's order: PING, AUTH, REPLCONF, PSYNC.
/// </summary>
internal sealed class MasterHandshake(MasterConnection connection, ServerConfig config, ILogger logger)
{
    // Redis waits this long for each reply of the handshake, whatever repl-timeout says.
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Asks for a partial resynchronisation from an offset on, or for a full one when <paramref name="id"/> is null.
    /// </summary>
    /// <param name="id">The replication id of the data.</param>
    /// <param name="from">The first byte that is missing.</param>
    /// <exception cref="MasterLinkException">The master refused or did not answer; the reason is logged.</exception>
    public MasterAnswer Run(string? id, long from)
    {
        Greet();
        Introduce();
        if (id is not null) MasterLinkMessages.TryingPartial(logger, id, from);
        else MasterLinkMessages.NoCachedMaster(logger);
        Send("PSYNC", id ?? "?", id is null ? "-1" : Text(from));
        return ReadAnswer();
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private void Greet()
    {
        Send("PING");
        var reply = Receive();
        if (reply.Length == 0
            || (reply[0] != '+'
                && !reply.StartsWith("-NOAUTH", StringComparison.Ordinal)
                && !reply.StartsWith("-NOPERM", StringComparison.Ordinal)
                && !reply.StartsWith("-ERR operation not permitted", StringComparison.Ordinal)))
        {
            MasterLinkMessages.PingRefused(logger, reply);
            throw new MasterLinkException(reply);
        }

        MasterLinkMessages.PingAnswered(logger);
    }

    private void Introduce()
    {
        var authenticates = config.MasterAuth is not null;
        if (config.MasterAuth is { } password)
        {
            if (config.MasterUser is { } user) Send("AUTH", user, password);
            else Send("AUTH", password);
        }

        var port = config.ReplicaAnnouncePort != 0 ? config.ReplicaAnnouncePort : config.Port;
        Send("REPLCONF", "listening-port", Text(port));
        if (config.ReplicaAnnounceIp is { } ip) Send("REPLCONF", "ip-address", ip);
        Send("REPLCONF", "capa", "eof", "capa", "psync2");
        if (authenticates)
        {
            var reply = Receive();
            if (reply.StartsWith('-'))
            {
                MasterLinkMessages.AuthRefused(logger, reply);
                throw new MasterLinkException(reply);
            }
        }

        ReceiveOption("listening-port");
        if (config.ReplicaAnnounceIp is not null) ReceiveOption("ip-address");
        ReceiveOption("capa");
    }

    private void ReceiveOption(string option)
    {
        var reply = Receive();
        if (reply.StartsWith('-')) MasterLinkMessages.OptionNotUnderstood(logger, option, reply);
    }

    private MasterAnswer ReadAnswer()
    {
        var reply = ReadPsyncReply();
        if (reply.StartsWith("+FULLRESYNC", StringComparison.Ordinal)) return ReadFullResync(reply);
        if (reply.StartsWith("+CONTINUE", StringComparison.Ordinal))
        {
            MasterLinkMessages.PartialSucceeded(logger);
            var id = reply.Length > 10 ? reply[10..].Trim() : "";
            return new MasterAnswer(
                MasterAnswerKind.Continue,
                id.Length == ReplicationHistory.IdLength ? id : null,
                -1);
        }

        if (reply.StartsWith("-NOMASTERLINK", StringComparison.Ordinal)
            || reply.StartsWith("-LOADING", StringComparison.Ordinal))
        {
            MasterLinkMessages.TryLater(logger, reply);
            throw new MasterLinkException(reply);
        }

        if (reply.StartsWith("-ERR", StringComparison.Ordinal)) MasterLinkMessages.PsyncNotSupported(logger, reply);
        else MasterLinkMessages.UnexpectedPsyncReply(logger, reply);
        MasterLinkMessages.RetryingWithSync(logger);
        connection.Send("SYNC\r\n"u8, ReplyTimeout);
        return new MasterAnswer(MasterAnswerKind.NotSupported, null, -1);
    }

    private MasterAnswer ReadFullResync(string reply)
    {
        var words = reply.Split(' ');
        if (words.Length >= 3
            && words[1].Length == ReplicationHistory.IdLength
            && long.TryParse(words[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var offset)
            && offset >= 0)
        {
            MasterLinkMessages.FullResync(logger, words[1], offset);
            return new MasterAnswer(MasterAnswerKind.FullResync, words[1], offset);
        }

        // The snapshot follows nevertheless; without id and offset it cannot be continued from.
        MasterLinkMessages.WrongFullResync(logger);
        return new MasterAnswer(MasterAnswerKind.FullResync, null, -1);
    }

    private string ReadPsyncReply()
    {
        try
        {
            while (true)
            {
                // A master that waits for its snapshot sends empty lines, each of which is worth another repl-timeout.
                var line = connection.ReadLine(TimeSpan.FromSeconds(config.ReplTimeout));
                if (line.Length > 0) return line;
            }
        }
        catch (Exception failure) when (failure is TimeoutException or IOException)
        {
            MasterLinkMessages.NoPsyncReply(logger);
            throw new MasterLinkException(failure.Message);
        }
    }

    private void Send(params ReadOnlySpan<string> arguments) => connection.Send(RespEncoder.Command(arguments), ReplyTimeout);

    private string Receive()
    {
        try
        {
            return connection.ReadLine(ReplyTimeout);
        }
        catch (Exception failure) when (failure is TimeoutException or IOException)
        {
            MasterLinkMessages.NoHandshakeReply(logger);
            throw new MasterLinkException(failure.Message);
        }
    }
}
