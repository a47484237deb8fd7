using System.Globalization;

namespace Starling.Node.Config;

/// <summary>replicaof: host and port of the master, or "no one".</summary>
internal sealed class ReplicaOfDirective() : Directive("replicaof")
{
    /// <inheritdoc/>
    public override bool TakesSeveralArguments => true;

    /// <inheritdoc/>
    protected override bool HasEffect => true;

    /// <inheritdoc/>
    public override string Get(ServerConfig config) =>
        config.ReplicaOf is { } master ? string.Create(CultureInfo.InvariantCulture, $"{master.Host} {master.Port}") : string.Empty;

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content)
    {
        // In cluster mode nodes.conf says who the master is.
        if (config.ClusterEnabled || config.ReplicaOf is not { } master) content.Remove(Name);
        else content.Write(Name, $"{ConfigLine.QuoteIfNeeded(master.Host)} {master.Port}", isDefault: false);
    }

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        if (arguments.Count != 2) return WrongNumberOfArguments;
        if (arguments[0].Equals("no", StringComparison.OrdinalIgnoreCase) && arguments[1].Equals("one", StringComparison.OrdinalIgnoreCase))
        {
            config.ReplicaOf = null;
            return null;
        }

        if (!DecimalText.TryParseLoosely(arguments[1], out var port) || port is < 0 or > 65535) return "Invalid master port";
        config.ReplicaOf = new MasterAddress(arguments[0], (int)port);
        return null;
    }
}
