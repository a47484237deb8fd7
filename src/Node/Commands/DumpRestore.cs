using System.Buffers;
using Starling.Node.Execution;
using Starling.Node.Persistence;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>The commands that take a value out of the keyspace and put it in, as bytes.</summary>
public static class DumpRestore
{
    private const long LargestHint = 1 << 20;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("dump", 2, CommandFlags.ReadOnly, KeySpec.At(1), Dump)
        {
            KeyFlags = "RO access", AclCategories = ["keyspace"], Since = "2.6.0",
            Tips = ["nondeterministic_output"],
            Summary = "Returns the value of a key as bytes that RESTORE understands.",
        },
        new("restore", -4, CommandFlags.Write | CommandFlags.DenyOom, KeySpec.At(1), Restore)
        {
            KeyFlags = "OW update", AclCategories = ["keyspace", "dangerous"], Since = "2.6.0",
            Summary = "Creates a key from the bytes that DUMP returned.",
        },
        new(
            "restore-asking",
            -4,
            CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Asking,
            KeySpec.At(1),
            Restore)
        {
            KeyFlags = "OW update", AclCategories = ["keyspace", "dangerous"], Group = "server", Since = "3.0.0",
            Summary = "RESTORE as MIGRATE sends it to a node that imports the slot.",
        },
    ];

    private static void Dump(CommandContext call)
    {
        if (!call.TryRead(call.Key(1), out var entry))
        {
            call.Reply.Null();
            return;
        }

        var payload = new ArrayBufferWriter<byte>((int)Math.Min(entry.AllocatedBytes + 64, LargestHint));
        DumpPayload.Write(entry, call.Node.Config.RdbCompression, payload);
        call.Reply.Bulk(payload.WrittenSpan);
    }

    private static void Restore(CommandContext call)
    {
        if (!TryOptions(call, out var options)) return;
        var key = call.Key(1);
        var exists = call.TryWrite(key, out _);
        if (exists && !options.Replace)
        {
            call.Reply.Error("BUSYKEY Target key name already exists."u8);
            return;
        }

        if (!call.TryInteger(2, out long ttl)) return;
        if (ttl < 0 || (!options.IsAbsolute && ttl > long.MaxValue - call.Now))
        {
            call.Reply.Error("ERR Invalid TTL value, must be >= 0"u8);
            return;
        }

        if (!DumpPayload.TryOpen(call[3], out var form, out var content, out var error))
        {
            call.Reply.Error(error);
            return;
        }

        if (call.Database.Load(key.Slot, form, content, out var value) != ContentOutcome.Read || !content.IsAtEnd)
        {
            call.Database.Discard(key.Slot, value);
            call.Reply.Error(DumpPayload.BadFormat);
            return;
        }

        var expiresAt = ttl == 0 ? Entry.NoExpiry : options.IsAbsolute ? ttl : ttl + call.Now;
        if (ttl != 0 && call.IsPastForMaster(expiresAt))
        {
            call.Database.Discard(key.Slot, value);
            if (exists) call.Delete(key, DeleteReason.ReplacedByExpired);
            call.Ok();
            return;
        }

        if (exists) call.Note(key, KeyEvent.New); // what was there goes first, as in Redis
        call.Database.Put(key, value, expiresAt, call.Node.Access.ClockOf(options.IdleSeconds, options.Frequency, call.Now));
        call.Changed(key, KeyEvent.Restore);
        if (ttl != 0 && !options.IsAbsolute) PropagateAbsolute(call, expiresAt);
        call.Ok();
    }

    /// <summary>The call as it was, with a point in time instead of a duration.</summary>
    private static void PropagateAbsolute(CommandContext call, long expiresAt)
    {
        using var effect = call.BeginEffect();
        for (var i = 0; i < call.Count; i++)
        {
            if (i == 2) effect.Add(expiresAt);
            else effect.Add(call[i]);
        }

        effect.Add("ABSTTL"u8);
    }

    private static bool TryOptions(CommandContext call, out RestoreOptions options)
    {
        options = new RestoreOptions { IdleSeconds = -1, Frequency = -1 };
        for (var i = 4; i < call.Count; i++)
        {
            var hasValue = i + 1 < call.Count;
            if (call.Is(i, "replace"u8))
            {
                options.Replace = true;
            }
            else if (call.Is(i, "absttl"u8))
            {
                options.IsAbsolute = true;
            }
            else if (call.Is(i, "idletime"u8) && hasValue && options.Frequency < 0)
            {
                if (!TryIdleTime(call, ++i, out options.IdleSeconds)) return false;
            }
            else if (call.Is(i, "freq"u8) && hasValue && options.IdleSeconds < 0)
            {
                if (!TryFrequency(call, ++i, out options.Frequency)) return false;
            }
            else
            {
                call.SyntaxError();
                return false;
            }
        }

        return true;
    }

    private static bool TryIdleTime(CommandContext call, int index, out long seconds)
    {
        if (!call.TryInteger(index, out seconds)) return false;
        if (seconds >= 0) return true;
        call.Reply.Error("ERR Invalid IDLETIME value, must be >= 0"u8);
        return false;
    }

    private static bool TryFrequency(CommandContext call, int index, out long frequency)
    {
        if (!call.TryInteger(index, out frequency)) return false;
        if (frequency is >= 0 and <= 255) return true;
        call.Reply.Error("ERR Invalid FREQ value, must be >= 0 and <= 255"u8);
        return false;
    }

    private struct RestoreOptions
    {
        public bool Replace;
        public bool IsAbsolute;
        public long IdleSeconds; // -1 when it is not given
        public long Frequency; // 0 to 255; -1 when it is not given
    }
}
