using Starling.Resp;
using Starling.Slots.Values;
using Starling.Slots.Values.Sets;

namespace Starling.Node.Commands;

/// <summary>
/// Takes the members of a combination of sets: replies with them, stores them or counts them.
/// </summary>
internal struct MemberSink
{
    private readonly RespWriter? _reply;
    private readonly SetBuilder? _builder;
    private readonly long _limit;

    /// <summary>Members are replied.</summary>
    public MemberSink(RespWriter reply)
    {
        _reply = reply;
        _limit = long.MaxValue;
    }

    /// <summary>Members are put into a set.</summary>
    public MemberSink(SetBuilder builder)
    {
        _builder = builder;
        _limit = long.MaxValue;
    }

    /// <summary>Members are counted.</summary>
    /// <param name="limit">How many are enough; 0 for all.</param>
    public MemberSink(long limit) => _limit = limit == 0 ? long.MaxValue : limit;

    /// <summary>How many members were taken.</summary>
    public long Count { get; private set; }

    /// <summary>Members are put into a set, which has each once.</summary>
    public readonly bool IsSet => _builder is not null;

    /// <summary>No more members are needed.</summary>
    public readonly bool IsFull => Count >= _limit;

    /// <summary>Members are put into a set that has integers alone so far, and some.</summary>
    public readonly bool IsIntset => _builder is not null && _builder.View.IsIntset;

    /// <summary>Takes the member that a walk stands on; it comes once.</summary>
    public void Take(scoped in SetMembers members)
    {
        Count++;
        _reply?.Bulk(members.Current);
        _builder?.AddNew(members);
    }

    /// <summary>Takes a member that may have come before; where <see cref="IsSet"/>.</summary>
    public void TakeOnce(scoped in ListElement member)
    {
        if (_builder!.Add(member)) Count++;
    }
}
