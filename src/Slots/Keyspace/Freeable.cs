namespace Starling.Slots.Keyspace;

/// <summary>Something in the <see cref="FreeingQueue"/>.</summary>
internal abstract class Freeable
{
    /// <summary>How many keys it stands for.</summary>
    public abstract long Objects { get; }

    /// <summary>False when somebody waits until it is freed.</summary>
    public virtual bool IsLazy => true;

    /// <summary>Frees a part of it; false when nothing is left. Called under no stripe.</summary>
    public abstract bool FreeSome(Keyspace keyspace);
}
