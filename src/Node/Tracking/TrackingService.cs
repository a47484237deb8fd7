using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Tracking;

/// <summary>
/// Client-side caching: who tracks which keys, and how clients are told that keys have changed. Nobody else pays more than a look at
/// <see cref="IsInUse"/> for a change, or at <see cref="NodeSession.Tracking"/> for a command.
/// </summary>
internal sealed class TrackingService
{
    private const int KeysAtOnce = 100; // that one command takes out of a table with too many
    private const int KeysOfCron = 100_000;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly NodeBasics _basics;
    private readonly Executor _executor;
    private readonly Action<TrackedClient, InvalidationMessage> _send;

    /// <summary>Guards who tracks. Nothing is called under it.</summary>
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(TrackingService));

    private int _clients;
    private volatile bool _isInUse;
    private RandomSequence _random; // the cron's

    /// <summary>Makes it for a node and registers it with the cron and with INFO.</summary>
    public TrackingService(NodeBasics basics, Executor executor)
    {
        (_basics, _executor) = (basics, executor);
        _send = Send;
        Table = new TrackingTable(basics.Keyspace, id => basics.Clients.Find(id) is null);
        basics.Cron.Every(Period, _ => Maintain());
        basics.Info.Add("clients", info => info.Field("tracking_clients", Volatile.Read(ref _clients)));
        basics.Info.Add("stats", info =>
        {
            info.Field("tracking_total_keys", Table.KeyCount);
            info.Field("tracking_total_items", Table.ItemCount);
            info.Field("tracking_total_prefixes", Broadcasts.Count);
        });
    }

    /// <summary>Somebody tracks, or has tracked and left keys in the table: changes are to be noted. Any thread.</summary>
    public bool IsInUse => _isInUse;

    /// <summary>Who has read which keys.</summary>
    public TrackingTable Table { get; }

    /// <summary>Who is told by prefix.</summary>
    public BroadcastTable Broadcasts { get; } = new();

    /// <summary>There are more keys in the table than tracking-table-max-keys says.</summary>
    public bool HasTooMany => Surplus > 0;

    private long Surplus => _basics.Config.TrackingTableMaxKeys is > 0 and var most ? Table.KeyCount - most : 0;

    /// <summary>A client tracks from now on, or otherwise than before; keeps its prefixes. On its thread.</summary>
    /// <param name="session">The client, which has a connection.</param>
    /// <param name="modes">How.</param>
    /// <param name="redirectTo">The id of who is told in its place; 0 for none.</param>
    /// <param name="prefixes">The prefixes that come to those that it has.</param>
    public void Enable(NodeSession session, TrackingModes modes, long redirectTo, IReadOnlyList<byte[]> prefixes)
    {
        var before = session.Tracking;
        byte[][] all = [.. (before?.Prefixes ?? []).Concat(prefixes).Distinct(ByteStringComparer.Instance)];
        Array.Sort(all, static (one, other) => one.AsSpan().SequenceCompareTo(other));
        var now = new TrackedClient(session, session.Connection!, modes, redirectTo, all, before?.Period ?? new PushSource())
        {
            IsCachingGiven = before?.IsCachingGiven ?? false,
        };
        using (_lock.Enter())
        {
            if (before is null) _clients++;
            _isInUse = true;
        }

        session.Tracking = now;
        Broadcasts.Replace(before, now);
    }

    /// <summary>A client tracks no more: from here on nothing is pushed for it. On its thread.</summary>
    public void Disable(NodeSession session)
    {
        if (session.Tracking is not { } before) return;
        before.Period.End();
        session.Tracking = null;
        Broadcasts.Replace(before, now: null);
        using (_lock.Enter()) _clients--;
    }

    /// <summary>A command of a client that tracks has read its keys, if it is one that reads: they are remembered. Under their stripes.</summary>
    public void Remember(CommandContext call, Command command, TrackedClient client)
    {
        const CommandFlags Kind = CommandFlags.ReadOnly | CommandFlags.PubSub;
        if ((command.Flags & Kind) != CommandFlags.ReadOnly || command.Script != ScriptForm.None || !client.Remembers) return;
        if (command.SingleKeyIn(call.Count) is > 0 and var single)
        {
            Table.Add(call.Key(single), client.Session.Id);
            return;
        }

        var positions = new List<int>();
        if (!command.TryFindKeys(call.Arguments, positions)) return; // malformed: there was nothing to read
        foreach (var position in positions) Table.Add(call.Key(position), client.Session.Id);
    }

    /// <summary>
    /// A command has run, or will come again: the caller is told of what concerns itself, and CLIENT CACHING does not hold any longer. Not
    /// before its reply, which may be yet to come.
    /// </summary>
    public void EndCommand(CommandContext call, Command? command, DispatchOutcome outcome)
    {
        var session = call.Session;
        if (session.OwnInvalidations is not null && session.Suspension is null) TellOwn(session, call.Reply);
        if (session.Tracking is not { IsCachingGiven: true } client || session.Transaction is not null) return;
        if (outcome is DispatchOutcome.Done && command?.Container?.Name != "client") client.IsCachingGiven = false;
    }

    /// <summary>Writes to a client, behind its replies, what it has to be told of its own changes. On its thread.</summary>
    public void TellOwn(NodeSession session, RespWriter reply)
    {
        if (session.OwnInvalidations is not { } keys) return;
        session.OwnInvalidations = null;
        PushOrder.Begin(session, reply);
        foreach (var key in keys)
        {
            var message = MessageOf(key);
            var client = session.Tracking;
            if (client is null) Write(reply, message.For(reply.Protocol, takesMessages: false));
            else if (!TryFindReceiver(client, out var receiver)) WriteBroken(reply, client);
            else if (receiver == session.Connection) Write(reply, message.For(reply.Protocol, IsMessageReceiver(client, receiver)));
            else Push(receiver, message, client);
        }

        PushOrder.End(session, reply);
    }

    /// <summary>A key has changed: tells who has read it. Any thread, under no stripe.</summary>
    public void Tell(byte[] key, in TrackingClients clients)
    {
        var message = MessageOf(key);
        TellReader(clients.First, message);
        if (clients.More is null) return;
        foreach (var id in clients.More) TellReader(id, message);
    }

    /// <summary>All keys of a database are gone: tells everybody who tracks. Any thread, under no stripe.</summary>
    public void TellAll(NodeSession except)
    {
        var message = MessageOf(null);
        foreach (var connection in _basics.Clients.Snapshot())
            if (NodeSession.Of(connection) is { Tracking: { } client } session && session != except) Send(client, message);
    }

    /// <summary>Tells by prefix of what has changed up to now. Any thread, under no stripe; before the replies of a round leave.</summary>
    public void Broadcast()
    {
        if (Broadcasts.HasKeys) Broadcasts.Tell(_send);
    }

    /// <summary>As <see cref="Broadcast"/>, on a thread that has no rounds.</summary>
    public void BroadcastUnlessRoundFollows()
    {
        if (IoThread.Current is null) Broadcast();
    }

    /// <summary>
    /// Forgets some of the keys that are too many, whichever, and tells who has read them: the least that a command does for it. Under no
    /// lock.
    /// </summary>
    /// <param name="random">Any number.</param>
    public void Shrink(ulong random) => Shrink(random, KeysAtOnce);

    private static InvalidationMessage MessageOf(byte[]? key) => new(key is null ? null : [key]);

    private static void Write(RespWriter reply, byte[]? message)
    {
        if (message is not null) reply.Raw(message);
    }

    private static void WriteBroken(RespWriter reply, TrackedClient client)
    {
        if (reply.Protocol > 2) reply.Raw(InvalidationMessage.BrokenRedirection(client.RedirectTo));
    }

    /// <summary>In RESP2 only who is told in another one's place and is a subscriber can tell a message from a reply.</summary>
    private static bool IsMessageReceiver(TrackedClient client, ClientConnection receiver) =>
        client.RedirectTo != 0 && NodeSession.Of(receiver).Subscriber is { Total: > 0 };

    private static void Push(ClientConnection receiver, InvalidationMessage message, TrackedClient client)
    {
        while (true)
        {
            var protocol = receiver.PushProtocol;
            if (message.For(protocol, IsMessageReceiver(client, receiver)) is not { } bytes) return;
            if (receiver.TryPush(bytes, client.Period, protocol)) return;
        }
    }

    private void TellReader(long id, InvalidationMessage message)
    {
        if (id == 0 || _basics.Clients.Find(id) is not { } connection) return;
        if (NodeSession.Of(connection).Tracking is { IsBroadcast: false } client) Send(client, message);
    }

    private void Send(TrackedClient client, InvalidationMessage message)
    {
        if (TryFindReceiver(client, out var receiver))
        {
            Push(receiver, message, client);
            return;
        }

        var protocol = client.Connection.PushProtocol;
        if (protocol > 2) client.Connection.TryPush(InvalidationMessage.BrokenRedirection(client.RedirectTo), client.Period, protocol);
    }

    /// <summary>Who is told: the client itself or another one in its place; false, and noted, when that is gone.</summary>
    private bool TryFindReceiver(TrackedClient client, out ClientConnection receiver)
    {
        receiver = client.Connection;
        if (client.RedirectTo == 0) return true;
        if (_basics.Clients.Find(client.RedirectTo) is { IsClosing: false } other)
        {
            receiver = other;
            return true;
        }

        client.NoteBrokenRedirection();
        return false;
    }

    private void Shrink(ulong random, int most)
    {
        var start = (int)(random % StripeSet.StripeCount);
        for (var i = 0; i < StripeSet.StripeCount && most > 0 && Surplus is > 0 and var surplus; i++)
        {
            var stripe = (start + i) % StripeSet.StripeCount;
            if (Table.CountOf(stripe) == 0) continue;
            using var scope = _executor.Open(LockPlan.Slot(stripe)); // that slot is one of the stripe's
            var share = (int)Math.Max(1, Math.Min(most, surplus) * Table.CountOf(stripe) / Math.Max(1, Table.KeyCount));
            var taken = scope.Call.Events.TrackedChanges.Taken;
            var before = taken.Count;
            Table.TakeSome(stripe, share, random + (ulong)i, taken);
            most -= taken.Count - before;
        }
    }

    private void Maintain()
    {
        if (!_isInUse) return;
        if (HasTooMany) Shrink(_random.Next(), KeysOfCron);
        Broadcast();
        using (_lock.Enter())
            if (_clients == 0 && Table.KeyCount == 0) _isInUse = false;
    }
}
