namespace Starling.Node.Config;

/// <summary>A value in a property of <see cref="ServerConfig"/>: the directive has an effect.</summary>
internal sealed class PropertySetting<T>(Func<ServerConfig, T> get, Action<ServerConfig, T> set) : Setting<T>
    where T : notnull
{
    /// <inheritdoc/>
    public override bool HasEffect => true;

    /// <inheritdoc/>
    public override T Get(ServerConfig config) => get(config);

    /// <inheritdoc/>
    public override void Set(ServerConfig config, T value) => set(config, value);
}
