using Starling.ClusterBus.View;
using Starling.Slots;

namespace Starling.ClusterBus.Protocol;

/// <summary>cluster_state: whether this node accepts queries.</summary>
/// <param name="core">The machine.</param>
/// <param name="isRestarted">
/// The node comes back with a nodes.conf: what it says of the other masters is from a former time.
/// </param>
internal sealed class HealthCheck(MachineCore core, bool isRestarted)
{
    private const long MinimumRejoinDelay = 500;
    private const long MaximumRejoinDelay = 5000;

    /// <summary>
    /// After a start a master waits that long before it accepts writes: the cluster may have replaced it.
    /// </summary>
    private const long WritableDelay = 2000;

    private long _firstCheckAt = -1;
    private long _lastMinorityAt = long.MinValue / 2;

    // Since when a majority of those that are masters now has answered, or null. Who has answered and is replaced then says
    // nothing any more: only with the state that it allows does the answer become a fact of the past.
    private long? _confirmedSince;
    private bool _isConfirmed = !isRestarted;

    public void Update()
    {
        if (_firstCheckAt < 0) _firstCheckAt = core.Now;
        var reachable = CountMasters();
        var state = core.State;
        var isMaster = core.Myself.IsMaster;
        if (isMaster && state.Health != ClusterHealth.Ok && core.Now - _firstCheckAt < WritableDelay
            && !core.LostData.IsWaiting)
            return;

        var health = core.Options.RequireFullCoverage && !IsCovered()
            ? ClusterHealth.SlotsNotCovered
            : ClusterHealth.Ok;
        if (core.Durability.IsStuck)
        {
            health = ClusterHealth.DiskStuck;
            _lastMinorityAt = core.Now;
            ForgetAnswers();
        }
        else if (core.LostData.IsWaiting)
        {
            health = ClusterHealth.DataLost;
        }
        else if (reachable < state.Quorum)
        {
            health = ClusterHealth.NoMajority;
            _lastMinorityAt = core.Now;
        }
        else if (isMaster && !_isConfirmed && _confirmedSince is null)
        {
            // It was started into a minority, perhaps, and replaced long ago; or cut off while it kept silent.
            health = ClusterHealth.NoMajority;
        }

        if (health != state.Health && !(health == ClusterHealth.Ok && isMaster && MustWait())) Change(health);
        if (state.Health == ClusterHealth.Ok && _confirmedSince is not null) _isConfirmed = true;
    }

    // Back from a minority: time to hear whether someone else has the slots now.
    private bool MustWait()
    {
        var delay = Math.Clamp(core.Options.NodeTimeout, MinimumRejoinDelay, MaximumRejoinDelay);
        return core.Now - _lastMinorityAt < delay
            || (!_isConfirmed && core.Now - _confirmedSince < MinimumRejoinDelay);
    }

    private void Change(ClusterHealth health)
    {
        var state = core.State;
        var wasOk = state.Health == ClusterHealth.Ok;
        state.Health = health;
        core.ViewChanged();
        if (wasOk == (health == ClusterHealth.Ok)) return;
        core.Log(
            wasOk ? ClusterLogLevel.Warning : ClusterLogLevel.Notice,
            wasOk ? "Cluster state changed: fail" : "Cluster state changed: ok");
    }

    /// <summary>
    /// Who does not ask learns of no failure: what the others answered before says nothing of now, and a majority has to
    /// answer again before this master accepts writes.
    /// </summary>
    private void ForgetAnswers()
    {
        _isConfirmed = false;
        _confirmedSince = null;
        foreach (var node in core.State.Nodes.Values) node.HasAnswered = false;
    }

    private int CountMasters()
    {
        var reachable = 0;
        var answered = 0;
        foreach (var node in core.State.Nodes.Values)
        {
            if (!node.OwnsSlots) continue;
            if (node.IsFailing || node.IsPossiblyFailing) continue;
            reachable++;
            if (node.IsMyself || node.HasAnswered) answered++;
        }

        if (answered < core.State.Quorum) _confirmedSince = null;
        else _confirmedSince ??= core.Now;
        return reachable;
    }

    private bool IsCovered()
    {
        var covered = 0;
        foreach (var node in core.State.Nodes.Values)
        {
            if (!node.IsFailing) covered += node.Slots.Count;
        }

        return covered == HashSlot.Count;
    }
}
