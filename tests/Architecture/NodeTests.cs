namespace Starling.Architecture.Tests;

/// <summary>The node's inside: which of its namespaces use which, and who knows the whole of it.</summary>
public class NodeTests
{
    private const string Root = "Starling.Node";

    /// <summary>
    /// Who uses whom. "root" is the node's own namespace: what every part stands on, and the shutdown. Not listed: who puts the
    /// parts together (<see cref="Whole"/>). Nobody else uses Commands, and Config uses nobody.
    /// </summary>
    private static readonly string[] Edges =
    [
        "root: Config Eviction Execution Persistence Telemetry",
        "Acl: Config PubSub Serving Telemetry root",
        "Cluster: Config Execution Persistence PubSub Replication Serving Telemetry root",
        "Commands: Acl Cluster Config Eviction Execution Expiry Freeing Persistence PubSub Replication Scripting Serving Telemetry Tracking root",
        "Eviction: Config Execution Persistence Replication Serving Telemetry root",
        "Execution: Acl Cluster Config Eviction Expiry Persistence PubSub Replication Scripting Serving Tracking root",
        "Expiry: Config Execution Persistence Replication Serving Telemetry root",
        "Freeing: Config Execution Telemetry",
        "Maintenance: Config Telemetry root",
        "Persistence: Config Eviction Execution Freeing Serving Telemetry root",
        "PubSub: Execution Telemetry root",
        "Replication: Cluster Config Execution Expiry Freeing Persistence Serving Telemetry root",
        "Scripting: Acl Cluster Config Execution Persistence Replication Serving Telemetry root",
        "Serving: Acl Cluster Config Eviction Execution Expiry Freeing Persistence PubSub Replication Scripting Telemetry Tracking root",
        "Telemetry: Cluster Config Execution Expiry Maintenance Replication Serving root",
        "Tracking: Config Execution PubSub Serving Telemetry root",
    ];

    /// <summary>Makes the parts and lets them know of each other; what happens when CONFIG SET changes what several follow.</summary>
    private static readonly string[] Whole = ["Starling.Node.NodeServer", "Starling.Node.ConfigReactions"];

    [Fact]
    public void Namespaces_use_what_is_written_here_and_nothing_else()
    {
        using var uses = new NamespaceUses(Root);
        var allowed = Edges
            .Select(line => line.Split(": "))
            .SelectMany(parts => parts[1].Split(' '), (parts, used) => parts[0] + " -> " + used)
            .ToHashSet(StringComparer.Ordinal);
        var found = uses.All()
            .Where(use => IsOfNode(use.User) && IsOfNode(use.Used) && !Whole.Contains(use.User, StringComparer.Ordinal) && Space(use.User) != Space(use.Used))
            .ToLookup(use => Space(use.User) + " -> " + Space(use.Used), use => Name(use.User) + " uses " + Name(use.Used));
        var unwritten = found
            .Where(edge => !allowed.Contains(edge.Key))
            .Select(edge => edge.Key + ": " + string.Join(", ", edge.Order(StringComparer.Ordinal)));
        var untrue = allowed.Where(edge => !found.Contains(edge)).Select(edge => edge + ": nobody");
        Assert.Empty(unwritten.Concat(untrue));
    }

    [Fact]
    public void No_part_knows_the_whole_node()
    {
        using var uses = new NamespaceUses(Root);
        Assert.Empty(uses.All().Where(use => use.Used == "Starling.Node.NodeServer").Select(use => use.User));
    }

    private static bool IsOfNode(string type) => type.StartsWith(Root + ".", StringComparison.Ordinal);

    private static string Space(string type)
    {
        var name = type[..type.LastIndexOf('.')];
        return name == Root ? "root" : name[(Root.Length + 1)..];
    }

    private static string Name(string type) => type[(type.LastIndexOf('.') + 1)..];
}
