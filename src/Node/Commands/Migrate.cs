using System.Buffers;
using System.Text;
using Starling.Node.Cluster;
using Starling.Node.Persistence;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Commands;

/// <summary>MIGRATE: moves keys to another node.</summary>
public static class Migrate
{
    private const int FirstOption = 6;

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("migrate", -6, CommandFlags.Write | CommandFlags.MovableKeys, KeySpec.At(3), Execute)
        {
            FindKeys = FindKeys,
            StaysWithMovingSlot = true,
            KeyFlags = "RW access delete",
            AclCategories = ["keyspace", "dangerous"],
            Tips = ["nondeterministic_output"],
            Summary = "Moves keys to another server.",
            Since = "2.6.0",
        },
    ];

    private static void Execute(CommandContext call)
    {
        if (!TryParse(call, out var options)) return;
        if (!call.MayBlock)
        {
            call.Reply.Error("ERR MIGRATE isn't allowed inside a transaction"u8);
            return;
        }

        call.HasChangedNothing = true; // there may be no memory for what is sent
        var keys = new List<byte[]>();
        var restores = new MigratePayload();
        var positions = new List<int>();
        FindKeys(call.Arguments, positions);
        foreach (var position in positions)
        {
            var key = call.Key(position);
            if (!call.TryRead(key, out var entry)) continue;
            keys.Add(key.Bytes.ToArray());
            WriteRestore(call, options, entry, restores);
        }

        if (keys.Count == 0)
        {
            call.Reply.Simple("NOKEY"u8);
            return;
        }

        restores.Complete();
        call.HasChangedNothing = false;
        call.SuppressEffect();
        call.Node.Migrations.Begin(call, options, keys, restores);
    }

    private static void WriteRestore(
        CommandContext call, MigrateOptions options, in Entry entry, MigratePayload restores)
    {
        var output = restores.Output;

        // RESTORE takes the time to live; 0 is none, so that a key about to expire gets the shortest there is.
        var timeToLive = entry.ExpiresAt == Entry.NoExpiry ? 0 : Math.Max(1, entry.ExpiresAt - call.Now);
        var payload = new ArrayBufferWriter<byte>();
        DumpPayload.Write(entry, call.Node.Config.RdbCompression, payload);
        RespEncoder.Array(output, options.Replace ? 5 : 4);
        RespEncoder.Bulk(output, options.IsCluster ? "RESTORE-ASKING"u8 : "RESTORE"u8);
        RespEncoder.Bulk(output, entry.Key);
        RespEncoder.Bulk(output, timeToLive);
        restores.Argument(payload.WrittenMemory);
        if (options.Replace) RespEncoder.Bulk(restores.Output, "REPLACE"u8);
        restores.EndCommand();
    }

    private static bool FindKeys(ArgumentList arguments, List<int> positions)
    {
        for (var i = FirstOption; i < arguments.Count && arguments[3].IsEmpty; i++)
        {
            var option = arguments[i];
            if (ArgumentParser.Is(option, "auth"u8)) i++;
            else if (ArgumentParser.Is(option, "auth2"u8)) i += 2;
            if (!ArgumentParser.Is(option, "keys"u8)) continue;
            for (var key = i + 1; key < arguments.Count; key++) positions.Add(key);
            return true;
        }

        positions.Add(3);
        return true;
    }

    private static byte[] TakeSecret(CommandContext call, int position)
    {
        call.Session.Hidden.Add(position);
        return call[position].ToArray();
    }

    private static bool TryParse(CommandContext call, out MigrateOptions options)
    {
        options = null!;
        var (copy, replace, hasKeys) = (false, false, false);
        byte[]? user = null, password = null;
        for (var i = FirstOption; i < call.Count && !hasKeys; i++)
        {
            var following = call.Count - 1 - i;
            if (call.Is(i, "copy"u8))
            {
                copy = true;
            }
            else if (call.Is(i, "replace"u8))
            {
                replace = true;
            }
            else if (call.Is(i, "auth"u8) && following >= 1)
            {
                password = TakeSecret(call, ++i);
            }
            else if (call.Is(i, "auth2"u8) && following >= 2)
            {
                user = TakeSecret(call, ++i);
                password = TakeSecret(call, ++i);
            }
            else if (call.Is(i, "keys"u8))
            {
                if (!call[3].IsEmpty)
                {
                    call.Reply.Error(
                        "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"u8);
                    return false;
                }

                hasKeys = true;
            }
            else
            {
                call.SyntaxError();
                return false;
            }
        }

        if (!call.TryInteger(5, out long timeout) || !call.TryInteger(4, out long database)) return false;
        options = new MigrateOptions
        {
            Host = Encoding.UTF8.GetString(call[1]),
            Port = PortOf(call[2]),
            Database = (int)Math.Clamp(database, int.MinValue, int.MaxValue),
            Timeout = timeout <= 0 ? 1000 : (int)Math.Min(timeout, int.MaxValue),
            Copy = copy,
            Replace = replace,
            UserName = user,
            Password = password,
            IsCluster = call.Node.Cluster is not null,
        };
        return true;
    }

    // What is no port cannot be connected to, and that is the error.
    private static int PortOf(ReadOnlySpan<byte> text) =>
        ArgumentParser.TryInteger(text, out long port) && port is > 0 and <= ushort.MaxValue ? (int)port : 0;
}
