using Starling.ClusterBus.Protocol;

namespace Starling.ClusterBus.Host;

/// <summary>One call of the machine.</summary>
/// <param name="machine">The machine.</param>
/// <param name="now">The machine's time in milliseconds; goes on evenly.</param>
/// <param name="effects">Gets what to do; empty before.</param>
public delegate void MachineCall(ClusterMachine machine, long now, EffectList effects);
