using System.Runtime.InteropServices;
using Starling.Node.Cluster;
using Starling.Node.Execution;
using Starling.Node.Expiry;
using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>
/// The keys of a command or of a transaction: their positions, stripes and slot. One per session, reused.
/// </summary>
internal sealed class CommandKeys : ICommandKeys
{
    private const int KeptRoom = 256; // keys that there is room for without asking again

    private readonly Keyspace _keyspace;
    private readonly List<(ArgumentList Arguments, int Position, bool IsChannel)> _keys = [];
    private readonly List<KeyPlace> _places = []; // of the keys, but for a single one
    private readonly List<int> _positions = [];
    private int _channels; // of the keys, what are shard channels
    private int _next; // the key that is asked for next, when keys are asked for in their order
    private StripeSet _stripes;

    public CommandKeys(Keyspace keyspace) => _keyspace = keyspace;

    public int Total => _keys.Count - _channels;

    public bool AreSeveral
    {
        get
        {
            var first = _channels == 0 ? 0 : _keys.FindIndex(key => !key.IsChannel);
            for (var i = first + 1; i < _keys.Count; i++)
                if (!_keys[i].IsChannel && !KeyAt(i).SequenceEqual(KeyAt(first))) return true;
            return false;
        }
    }

    /// <summary>The slot of the first key; -1 when there is no key.</summary>
    public int Slot { get; private set; } = -1;

    /// <summary>Some keys are of another slot than the first.</summary>
    public bool CrossesSlots { get; private set; }

    /// <summary>The stripes of all keys.</summary>
    public ref readonly StripeSet Stripes => ref _stripes;

    public int CountMissing(long now)
    {
        var missing = 0;
        var database = _keyspace[0];
        foreach (var (arguments, position, isChannel) in _keys)
        {
            if (isChannel) continue;
            if (!database.TryFind(_keyspace.Key(arguments[position]), out var entry) || KeyExpiry.IsExpired(entry, now)) missing++;
        }

        return missing;
    }

    /// <summary>One of the keys is being sent to another node. Needs their stripes.</summary>
    public bool AnyIn(MigrationBarrier barrier)
    {
        foreach (var (arguments, position, isChannel) in _keys)
            if (!isChannel && barrier.Holds(arguments[position])) return true;
        return false;
    }

    /// <summary>One of the keys is kept for a client that was woken. Needs their stripes.</summary>
    public bool AnyClaimed(KeyWaiters waiters)
    {
        foreach (var (arguments, position, isChannel) in _keys)
            if (!isChannel && waiters.IsClaimed(arguments[position])) return true;
        return false;
    }

    /// <summary>One of the keys is also a key of a waiting command that has several. Needs their stripes.</summary>
    public bool AnyShared(KeyWaiters waiters)
    {
        foreach (var (arguments, position, isChannel) in _keys)
            if (!isChannel && waiters.IsShared(arguments[position])) return true;
        return false;
    }

    /// <summary>Copies of the keys, each once.</summary>
    public byte[][] CopyEach()
    {
        var keys = new HashSet<byte[]>(Slots.ByteStringComparer.Instance);
        for (var i = 0; i < _keys.Count; i++) keys.Add(KeyAt(i).ToArray());
        return [.. keys];
    }

    /// <summary>The slot and hash of a key that was added; false when it is none of them.</summary>
    public bool TryPlace(ArgumentList arguments, int position, out KeyPlace place)
    {
        // In their order, or one of the last two again, or from the start again.
        var found = Matches(_next) ? _next : Matches(_next - 1) ? _next - 1 : Matches(_next - 2) ? _next - 2 : Matches(0) ? 0 : -1;
        place = found < 0 ? default : _places[found];
        if (found < 0) return false;
        _next = found + 1;
        return true;

        bool Matches(int i) =>
            (uint)i < (uint)_places.Count && _keys[i].Position == position && ReferenceEquals(_keys[i].Arguments, arguments);
    }

    /// <summary>
    /// Loads into the cache what looking up the keys will touch, for all of them together. With their stripes held.
    /// </summary>
    public void Prefetch(Database database)
    {
        if (_places.Count > 1) Keyspace.PrefetchHeld(database, CollectionsMarshal.AsSpan(_places));
    }

    public void Clear()
    {
        _keys.Clear();
        _places.Clear();
        _channels = 0;
        _next = 0;
        _stripes = default;
        Slot = -1;
        CrossesSlots = false;
    }

    /// <summary>
    /// Lets go of the room for very many keys, so that one huge command or transaction does not leave its memory with every
    /// connection that has sent such a one. When the command is over.
    /// </summary>
    public void Trim()
    {
        if (Math.Max(_keys.Capacity, _positions.Capacity) <= KeptRoom) return;
        Clear();
        _positions.Clear();
        _keys.TrimExcess();
        _places.TrimExcess();
        _positions.TrimExcess();
    }

    /// <summary>
    /// Makes one key, or shard channel, whose slot is known, the only one. Its stripe is not put into <see cref="Stripes"/>.
    /// </summary>
    public void SetSingle(ArgumentList arguments, int position, int slot, bool isChannel)
    {
        _keys.Clear();
        _places.Clear();
        _keys.Add((arguments, position, isChannel));
        _channels = isChannel ? 1 : 0;
        Slot = slot;
        CrossesSlots = false;
    }

    /// <summary>Adds two neighbouring keys whose places are known.</summary>
    public void AddPair(ArgumentList arguments, int position, KeyPlace first, KeyPlace second)
    {
        Add(arguments, position, first);
        Add(arguments, position + 1, second);
    }

    /// <summary>Adds the keys of a call.</summary>
    public void Add(CommandRow command, ArgumentList arguments)
    {
        _positions.Clear();
        if (!command.TryFindKeys(arguments, _positions)) return; // malformed: the handler says so
        foreach (var position in _positions) Add(arguments, position, _keyspace.Key(arguments[position]).Place, command.NamesChannels);

        // What is appended to the log holds a stripe, whichever.
        const CommandFlags Appends = CommandFlags.MayReplicate;
        if (_positions.Count == 0 && (command.Flags & Appends) != 0 && arguments.Count > 1) AddStripe(Slots.HashSlot.Of(arguments[1]));
    }

    /// <summary>Adds the stripe of a slot without a key.</summary>
    public void AddStripe(int slot) => _stripes.AddSlot(slot);

    private ReadOnlySpan<byte> KeyAt(int index) => _keys[index].Arguments[_keys[index].Position];

    private void Add(ArgumentList arguments, int position, KeyPlace place, bool isChannel = false)
    {
        int slot = place.Slot;
        if (_keys.Count == 0) Slot = slot;
        else if (slot != Slot) CrossesSlots = true;
        _stripes.AddSlot(slot);
        _keys.Add((arguments, position, isChannel));
        if (isChannel) _channels++;
        _places.Add(place);
    }
}
