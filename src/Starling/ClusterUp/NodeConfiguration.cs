namespace Starling.CommandLine.ClusterUp;

/// <summary>
/// The configuration that the nodes share: cluster-configs/local-cluster/node.conf, carried inside the executable.
/// </summary>
internal static class NodeConfiguration
{
    /// <summary>The file's text.</summary>
    public static string Text
    {
        get
        {
            using var stream = typeof(NodeConfiguration).Assembly.GetManifestResourceStream("node.conf")
                ?? throw new InvalidOperationException("the executable lacks its node.conf");
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }
}
