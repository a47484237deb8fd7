namespace Starling.ClusterBus.Tests;

/// <summary>Tests that measure the process as a whole: no other test runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
