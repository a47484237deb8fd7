using Starling.ClusterBus.Protocol;

namespace Starling.ClusterBus.Host;

/// <summary>The effects of one call of the machine, on their way to being carried out.</summary>
internal sealed class EffectBatch
{
    private readonly ClusterEffect[] _effects;
    private int _next;

    /// <summary>Makes a batch.</summary>
    public EffectBatch(EffectList effects) => _effects = [.. effects];

    /// <summary>The effects in the machine's order.</summary>
    public IReadOnlyList<ClusterEffect> Effects => _effects;

    /// <summary>The view was published.</summary>
    public bool IsPublished { get; set; }

    /// <summary>The server was made a master.</summary>
    public bool IsPromoted { get; set; }

    /// <summary>Called when all that is done and on the disk.</summary>
    public Action? Done { get; set; }

    /// <summary>The role changes.</summary>
    public bool ChangesRole =>
        Array.Exists(_effects, static effect => effect is ClusterEffect.BecomeMaster or ClusterEffect.BecomeReplicaOf);

    /// <summary>Takes the next effect, or null when there is none.</summary>
    public ClusterEffect? Take() => _next < _effects.Length ? _effects[_next++] : null;
}
