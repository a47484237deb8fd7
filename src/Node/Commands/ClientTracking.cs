using System.Diagnostics.CodeAnalysis;
using Starling.Node.Serving;
using Starling.Node.Tracking;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>The subcommands of CLIENT about client-side caching.</summary>
internal static class ClientTracking
{
    private static ReadOnlySpan<byte> OtherBroadcast =>
        "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode."u8;

    private static ReadOnlySpan<byte> OtherOption =>
        "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode."u8;

    private static ReadOnlySpan<byte> MustNotOverlap => "'. Prefixes for a single client must not overlap."u8;

    /// <summary>CLIENT TRACKING.</summary>
    public static void Switch(CommandContext call)
    {
        if (!TryOptions(call, out var options)) return;
        if (call.Is(2, "on"u8))
        {
            if (call.Session.Connection is null)
            {
                call.Reply.Error("ERR nobody is there to be told of changes"u8);
                return;
            }

            if (!IsPossible(call, options)) return;
            IReadOnlyList<byte[]> prefixes = options.Prefixes;
            if ((options.Modes & TrackingModes.Broadcast) != 0 && prefixes.Count == 0) prefixes = [[]];
            call.Node.Buffers.EnsureRoom(call.Arguments.TotalLength);
            call.Node.Tracking.Enable(call.Session, options.Modes, options.RedirectTo, prefixes);
        }
        else if (call.Is(2, "off"u8))
        {
            // What was pushed up to now comes before the confirmation, and nothing behind it.
            call.Node.Tracking.Disable(call.Session);
            PushOrder.Settle(call);
        }
        else
        {
            call.Reply.Error(ErrorReplies.Syntax);
            return;
        }

        call.Ok();
    }

    /// <summary>CLIENT CACHING.</summary>
    public static void Cache(CommandContext call)
    {
        if (call.Session.Tracking is not { } client)
        {
            call.Reply.Error(
                "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"u8);
        }
        else if (call.Is(2, "yes"u8))
        {
            if ((client.Modes & TrackingModes.OptIn) != 0) Give(call, client);
            else call.Reply.Error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."u8);
        }
        else if (call.Is(2, "no"u8))
        {
            if ((client.Modes & TrackingModes.OptOut) != 0) Give(call, client);
            else call.Reply.Error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."u8);
        }
        else
        {
            call.Reply.Error(ErrorReplies.Syntax);
        }
    }

    /// <summary>CLIENT GETREDIR.</summary>
    public static void Redirection(CommandContext call) => call.Reply.Integer(call.Session.Tracking?.RedirectTo ?? -1);

    /// <summary>CLIENT TRACKINGINFO.</summary>
    public static void Info(CommandContext call)
    {
        var reply = call.Reply;
        var client = call.Session.Tracking;
        reply.Map(3);
        reply.Bulk("flags"u8);
        WriteFlags(reply, client);
        reply.Bulk("redirect"u8);
        reply.Integer(client?.RedirectTo ?? -1);
        reply.Bulk("prefixes"u8);
        reply.Array(client?.Prefixes.Length ?? 0);
        foreach (var prefix in client?.Prefixes ?? []) reply.Bulk(prefix);
    }

    private static void Give(CommandContext call, TrackedClient client)
    {
        client.IsCachingGiven = true;
        call.Ok();
    }

    private static void WriteFlags(RespWriter reply, TrackedClient? client)
    {
        if (client is null)
        {
            reply.Set(1);
            reply.Bulk("off"u8);
            return;
        }

        var flags = new List<string> { "on" };
        if (client.IsBroadcast) flags.Add("bcast");
        if ((client.Modes & TrackingModes.OptIn) != 0) flags.Add("optin");
        if ((client.Modes & TrackingModes.OptIn) != 0 && client.IsCachingGiven) flags.Add("caching-yes");
        if ((client.Modes & TrackingModes.OptOut) != 0) flags.Add("optout");
        if ((client.Modes & TrackingModes.OptOut) != 0 && client.IsCachingGiven) flags.Add("caching-no");
        if (client.IsNoLoop) flags.Add("noloop");
        if (client.IsRedirectionBroken) flags.Add("broken_redirect");
        reply.Set(flags.Count);
        foreach (var flag in flags) reply.Bulk(flag);
    }

    private static bool TryOptions(CommandContext call, [NotNullWhen(true)] out Options? options)
    {
        options = null;
        var found = new Options();
        for (var i = 3; i < call.Count; i++)
        {
            var hasMore = i + 1 < call.Count;
            if (hasMore && call.Is(i, "redirect"u8))
            {
                if (!TryRedirection(call, ++i, found)) return false;
            }
            else if (hasMore && call.Is(i, "prefix"u8))
            {
                found.Prefixes.Add(call[++i].ToArray());
            }
            else if (ModeOf(call, i) is not TrackingModes.None and var mode)
            {
                found.Modes |= mode;
            }
            else
            {
                call.Reply.Error(ErrorReplies.Syntax);
                return false;
            }
        }

        options = found;
        return true;
    }

    private static TrackingModes ModeOf(CommandContext call, int index)
    {
        if (call.Is(index, "bcast"u8)) return TrackingModes.Broadcast;
        if (call.Is(index, "optin"u8)) return TrackingModes.OptIn;
        if (call.Is(index, "optout"u8)) return TrackingModes.OptOut;
        return call.Is(index, "noloop"u8) ? TrackingModes.NoLoop : TrackingModes.None;
    }

    private static bool TryRedirection(CommandContext call, int index, Options options)
    {
        if (options.RedirectTo != 0)
        {
            call.Reply.Error("ERR A client can only redirect to a single other client"u8);
            return false;
        }

        if (!call.TryInteger(index, out long id)) return false;
        options.RedirectTo = id;
        if (call.Node.Clients.Find(id) is { IsClosing: false }) return true;
        call.Reply.Error("ERR The client ID you want redirect to does not exist"u8);
        return false;
    }

    /// <summary>Writes the error and answers false when the options do not go together, or not with those in force.</summary>
    private static bool IsPossible(CommandContext call, Options options)
    {
        const TrackingModes Choices = TrackingModes.OptIn | TrackingModes.OptOut;
        var (modes, before) = (options.Modes, call.Session.Tracking);
        var isBroadcast = (modes & TrackingModes.Broadcast) != 0;
        var choice = modes & Choices;
        if (!isBroadcast && options.Prefixes.Count > 0)
            call.Reply.Error("ERR PREFIX option requires BCAST mode to be enabled"u8);
        else if (before is not null && before.IsBroadcast != isBroadcast)
            call.Reply.Error(OtherBroadcast);
        else if (isBroadcast && choice != 0)
            call.Reply.Error("ERR OPTIN and OPTOUT are not compatible with BCAST"u8);
        else if (choice == Choices)
            call.Reply.Error("ERR You can't specify both OPTIN mode and OPTOUT mode"u8);
        else if (choice != 0 && before is not null && (before.Modes & Choices & ~choice) != 0)
            call.Reply.Error(OtherOption);
        else
            return !isBroadcast || AreApart(call, options.Prefixes, before?.Prefixes ?? []);
        return false;
    }

    /// <summary>Writes the error and answers false when two prefixes of the client overlap.</summary>
    private static bool AreApart(CommandContext call, List<byte[]> prefixes, byte[][] before)
    {
        for (var i = 0; i < prefixes.Count; i++)
        {
            foreach (var other in before)
                if (Overlap(prefixes[i], other)) return RefuseOverlap(call, prefixes[i], "an existing"u8, other);
            for (var j = i + 1; j < prefixes.Count; j++)
                if (Overlap(prefixes[i], prefixes[j])) return RefuseOverlap(call, prefixes[i], "another provided"u8, prefixes[j]);
        }

        return true;
    }

    private static bool RefuseOverlap(CommandContext call, byte[] prefix, ReadOnlySpan<byte> which, byte[] other)
    {
        call.Reply.Error([
            .. "ERR Prefix '"u8, .. prefix, .. "' overlaps with "u8, .. which, .. " prefix '"u8, .. other, .. MustNotOverlap]);
        return false;
    }

    private static bool Overlap(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => one.StartsWith(other) || other.StartsWith(one);

    private sealed class Options
    {
        public TrackingModes Modes { get; set; }

        public long RedirectTo { get; set; }

        public List<byte[]> Prefixes { get; } = [];
    }
}
