namespace Starling.Slots.Values.Streams;

/// <summary>
/// What is pending in a group, or with one consumer of it, from an id on. Dead after any change of the group.
/// </summary>
public unsafe ref struct StreamPendingRange
{
    private readonly StreamGroup* _group;
    private readonly bool _isGroups;
    private IdPath _path;
    private bool _hasBegun;

    internal StreamPendingRange(StreamGroup* group, IdPage* pending, in StreamId start)
    {
        _group = group;
        _isGroups = pending == group->Pending;
        _path = IdPath.AtLeast(pending, start);
    }

    /// <summary>What is pending.</summary>
    public readonly StreamPending Current
    {
        get
        {
            var slot = _isGroups ? (PendingSlot*)_path.Slot : StreamGroup.Find(_group, _path.Id);
            return new StreamPending(slot->Id, slot->Consumer, slot->DeliveryTime, slot->DeliveryCount);
        }
    }

    /// <summary>The id alone.</summary>
    public readonly StreamId Id => _path.Id;

    /// <summary>Goes on, or to the first one; false when there is none.</summary>
    public bool MoveNext()
    {
        if (_path.Depth == 0) return false;
        if (!_hasBegun)
        {
            _hasBegun = true;
            return true;
        }

        if (_path.TryNext()) return true;
        _path = default;
        return false;
    }
}
