using Starling.ClusterBus.Protocol;

namespace Starling.ClusterBus.Host;

/// <summary>One call of the machine.</summary>
/// <param name="machine">The machine.</param>
/// <param name="now">Milliseconds of Unix time; never goes back.</param>
/// <param name="effects">Gets what to do; empty before.</param>
public delegate void MachineCall(ClusterMachine machine, long now, EffectList effects);
