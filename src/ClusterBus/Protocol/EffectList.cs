using System.Collections;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// The effects of one call, in the order in which the host carries them out. The host clears and reuses it.
/// </summary>
public sealed class EffectList : IReadOnlyList<ClusterEffect>
{
    private readonly List<ClusterEffect> _effects = [];

    /// <inheritdoc/>
    public int Count => _effects.Count;

    /// <inheritdoc/>
    public ClusterEffect this[int index] => _effects[index];

    /// <summary>Forgets all.</summary>
    public void Clear() => _effects.Clear();

    /// <inheritdoc/>
    public IEnumerator<ClusterEffect> GetEnumerator() => _effects.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void Add(ClusterEffect effect) => _effects.Add(effect);

    internal void Insert(int index, ClusterEffect effect) => _effects.Insert(index, effect);

    internal void Replace(int index, ClusterEffect effect) => _effects[index] = effect;
}
