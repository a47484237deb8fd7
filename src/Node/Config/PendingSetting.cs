namespace Starling.Node.Config;

/// <summary>A value that nobody reads yet, kept so that CONFIG GET and CONFIG REWRITE know it.</summary>
internal sealed class PendingSetting<T>(string directive, T initial) : Setting<T>
    where T : notnull
{
    /// <inheritdoc/>
    public override bool HasEffect => false;

    /// <inheritdoc/>
    public override T Get(ServerConfig config) => config.Pending.TryGetValue(directive, out var value) ? (T)value : initial;

    /// <inheritdoc/>
    public override void Set(ServerConfig config, T value) => config.Pending[directive] = value;
}
