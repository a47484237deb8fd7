using System.Globalization;

namespace Starling.Node.Config;

/// <summary>client-output-buffer-limit: class, hard limit, soft limit and soft seconds, any number of times.</summary>
internal sealed class OutputBufferLimitDirective() : Directive("client-output-buffer-limit")
{
    /// <inheritdoc/>
    public override bool TakesSeveralArguments => true;

    /// <inheritdoc/>
    protected override bool HasEffect => true;

    /// <inheritdoc/>
    public override string Get(ServerConfig config) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"normal {Plain(config.NormalOutputBufferLimit)} slave {Plain(config.ReplicaOutputBufferLimit)} "
            + $"pubsub {Plain(config.PubSubOutputBufferLimit)}");

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content)
    {
        var standard = new ServerConfig();
        Write("normal", config.NormalOutputBufferLimit, standard.NormalOutputBufferLimit);
        Write("replica", config.ReplicaOutputBufferLimit, standard.ReplicaOutputBufferLimit);
        Write("pubsub", config.PubSubOutputBufferLimit, standard.PubSubOutputBufferLimit);

        void Write(string kind, OutputBufferLimit limit, OutputBufferLimit initial) =>
            content.Write(
                Name,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{kind} {MemorySize.Format(limit.Hard)} {MemorySize.Format(limit.Soft)} {limit.SoftSeconds}"),
                isDefault: limit == initial);
    }

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        if (arguments.Count % 4 != 0) return "Wrong number of arguments in buffer limit configuration.";
        var normal = config.NormalOutputBufferLimit;
        var replica = config.ReplicaOutputBufferLimit;
        var pubSub = config.PubSubOutputBufferLimit;
        for (var i = 0; i < arguments.Count; i += 4)
        {
            var kind = arguments[i].ToLowerInvariant();
            if (kind is not ("normal" or "slave" or "replica" or "pubsub"))
                return "Invalid client class specified in buffer limit configuration.";
            if (!MemorySize.TryParse(arguments[i + 1], out var hard)
                || !MemorySize.TryParse(arguments[i + 2], out var soft)
                || !DecimalText.TryParseLoosely(arguments[i + 3], out var seconds)
                || seconds < 0)
            {
                return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
            }

            var limit = new OutputBufferLimit((long)Math.Min(hard, long.MaxValue), (long)Math.Min(soft, long.MaxValue), seconds);
            if (kind == "normal") normal = limit;
            else if (kind == "pubsub") pubSub = limit;
            else replica = limit;
        }

        config.NormalOutputBufferLimit = normal;
        config.ReplicaOutputBufferLimit = replica;
        config.PubSubOutputBufferLimit = pubSub;
        return null;
    }

    private static string Plain(OutputBufferLimit limit) =>
        string.Create(CultureInfo.InvariantCulture, $"{limit.Hard} {limit.Soft} {limit.SoftSeconds}");
}
