namespace Starling.Node.Config;

/// <summary>Where the value of a directive is kept.</summary>
internal abstract class Setting<T>
    where T : notnull
{
    /// <summary>True when a part of the server reads it.</summary>
    public abstract bool HasEffect { get; }

    /// <summary>The value in force.</summary>
    public abstract T Get(ServerConfig config);

    /// <summary>Replaces the value.</summary>
    public abstract void Set(ServerConfig config, T value);
}
