namespace Starling.ClusterBus.Host;

/// <summary>Work that another thread hands to the bus thread.</summary>
/// <param name="Work">Runs on the bus thread; calls <see cref="BusHost.Apply"/> at most once.</param>
/// <param name="Done">Runs on the bus thread when the effects of that were carried out.</param>
internal readonly record struct BusRequest(Action Work, Action Done);
