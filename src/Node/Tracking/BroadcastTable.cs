using Starling.Slots;

namespace Starling.Node.Tracking;

/// <summary>
/// Who is told by prefix of every key that changes (BCAST), and the keys that have changed since they were told last. Its lock is held
/// while they are told: when a thread finds nothing left of what it has put in, the receivers have it.
/// </summary>
internal sealed class BroadcastTable
{
    private readonly RankedLock _lock = new(LockRank.Subscriptions, nameof(BroadcastTable));
    private readonly SortedList<byte[], BroadcastPrefix> _prefixes = new(Comparer<byte[]>.Create(
        static (one, other) => one.AsSpan().SequenceCompareTo(other)));

    private volatile byte[][] _known = []; // the prefixes, replaced as a whole
    private int _changed; // prefixes with changed keys

    /// <summary>Number of prefixes. Any thread.</summary>
    public int Count => _known.Length;

    /// <summary>The key begins with one of the prefixes. Any thread; takes no lock.</summary>
    public bool Concerns(ReadOnlySpan<byte> key)
    {
        foreach (var prefix in _known)
            if (key.StartsWith(prefix)) return true;
        return false;
    }

    /// <summary>Keys have changed that nobody was told of yet. Any thread.</summary>
    public bool HasKeys => Volatile.Read(ref _changed) != 0;

    /// <summary>Puts a client in the place of what it was before: it is told of changes by its prefixes. Null: of none any more.</summary>
    public void Replace(TrackedClient? before, TrackedClient? now)
    {
        if (before is not { Prefixes.Length: > 0 } && now is not { Prefixes.Length: > 0 }) return;
        using (_lock.Enter())
        {
            foreach (var bytes in now?.Prefixes ?? [])
            {
                if (!_prefixes.TryGetValue(bytes, out var prefix)) _prefixes[bytes] = prefix = new BroadcastPrefix(bytes);
                prefix.Clients[now!.Session.Id] = now;
            }

            if (now is null) foreach (var bytes in before!.Prefixes) Remove(before, bytes);
            if (_known.Length != _prefixes.Count) _known = [.. _prefixes.Keys]; // here they only come, or only go
        }
    }

    /// <summary>Keys have changed.</summary>
    public void Add(List<BroadcastKey> keys)
    {
        using (_lock.Enter())
        {
            foreach (var prefix in _prefixes.Values)
            {
                var hadKeys = prefix.Keys.Count > 0;
                foreach (var (bytes, changedBy) in keys)
                {
                    if (!bytes.AsSpan().StartsWith(prefix.Bytes)) continue;

                    // Of several that have changed it nobody knows here who was the last: each of them hears of it.
                    var isOthersToo = prefix.Keys.TryGetValue(bytes, out var other) && other != changedBy;
                    prefix.Keys[bytes] = isOthersToo ? 0 : changedBy;
                }

                if (!hadKeys && prefix.Keys.Count > 0) Volatile.Write(ref _changed, _changed + 1);
            }
        }
    }

    /// <summary>Tells everybody of what has changed: for each prefix of all keys together.</summary>
    /// <param name="send">Sends a client a message; under the table's lock.</param>
    public void Tell(Action<TrackedClient, InvalidationMessage> send)
    {
        using (_lock.Enter())
        {
            foreach (var prefix in _prefixes.Values)
            {
                if (prefix.Keys.Count == 0) continue;
                InvalidationMessage? common = null;
                foreach (var client in prefix.Clients.Values)
                {
                    if (!client.IsNoLoop) send(client, common ??= new InvalidationMessage(prefix.KeysExcept(0)));
                    else if (prefix.KeysExcept(client.Session.Id) is { Length: > 0 } keys) send(client, new InvalidationMessage(keys));
                }

                prefix.Keys.Clear();
            }

            Volatile.Write(ref _changed, 0);
        }
    }

    private void Remove(TrackedClient client, byte[] bytes)
    {
        var prefix = _prefixes[bytes];
        prefix.Clients.Remove(client.Session.Id);
        if (prefix.Clients.Count > 0) return;
        _prefixes.Remove(bytes);
        if (prefix.Keys.Count > 0) Volatile.Write(ref _changed, _changed - 1);
    }
}
