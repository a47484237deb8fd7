using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Starling.CommandLine.ClusterUp;

/// <summary>
/// Cluster nodes on this machine: started, made into one cluster the first time, waited for, stopped in order.
/// </summary>
internal sealed class LocalCluster : IDisposable
{
    private const int SlotCount = 16384;

    /// <summary>How long a step may take before it is called failed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly ClusterUpOptions _options;
    private readonly List<NodeProcess> _nodes = [];

    /// <summary>Describes the cluster; nothing is started yet.</summary>
    public LocalCluster(ClusterUpOptions options)
    {
        _options = options;
        for (var i = 0; i < options.Nodes; i++)
        {
            var port = options.FirstPort + i;
            _nodes.Add(new NodeProcess(NodeFolder(options.Folder, port), port));
        }
    }

    /// <summary>The nodes; the masters of a new cluster first.</summary>
    public IReadOnlyList<NodeProcess> Nodes => _nodes;

    /// <summary>
    /// Starts the nodes and, unless the folder holds a cluster already, makes them into one; waits until it is healthy.
    /// </summary>
    /// <param name="say">Gets a line about each step.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="OperatorException">A node cannot be started or the cluster does not become healthy.</exception>
    public void Start(Action<string> say, CancellationToken cancellation)
    {
        var resumed = IsFormed();
        Directory.CreateDirectory(_options.Folder);
        var configFile = Path.Combine(_options.Folder, "node.conf");
        if (!File.Exists(configFile)) File.WriteAllText(configFile, NodeConfiguration.Text);
        say($"Starting {_nodes.Count} nodes on ports {_nodes[0].Port} to {_nodes[^1].Port}");
        foreach (var node in _nodes) node.Start(configFile);
        foreach (var node in _nodes) WaitFor(node, $"node {node.Address} to answer", () => node.Call("PING") == "PONG", cancellation);
        if (resumed)
        {
            say($"Resuming the cluster in {_options.Folder}");
        }
        else
        {
            Form(say, cancellation);
            File.WriteAllText(MarkerFile, "");
        }

        say("Waiting for the cluster to be healthy");
        WaitUntilHealthy(cancellation);
    }

    /// <summary>
    /// Stops the nodes: those that are replicas now first, so that no master's end starts an election.
    /// </summary>
    /// <param name="say">Gets a line about each step.</param>
    public void Stop(Action<string> say)
    {
        var running = _nodes.Where(IsRunning).ToList();
        foreach (var isReplica in (bool[])[true, false])
        {
            var group = running.Where(node => !node.HasExited && IsReplica(node) == isReplica).ToList();
            foreach (var node in group) node.RequestStop();
            foreach (var node in group)
            {
                if (node.WaitForExit(Patience)) continue;
                say($"Node {node.Address} does not stop; ending it");
                node.Kill();
            }
        }

        foreach (var node in running.Where(node => !node.HasExited)) node.Kill();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var node in _nodes) node.Dispose();
    }

    private string MarkerFile => Path.Combine(_options.Folder, "formed");

    private static string NodeFolder(string folder, int port) =>
        Path.Combine(folder, "node-" + port.ToString(CultureInfo.InvariantCulture));

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static bool IsRunning(NodeProcess node)
    {
        try
        {
            return !node.HasExited;
        }
        catch (InvalidOperationException)
        {
            return false; // it was never started
        }
    }

    private static bool IsReplica(NodeProcess node)
    {
        try
        {
            return NodeProcess.Field(node.Call("INFO", "replication"), "role") == "slave";
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperatorException)
        {
            return false; // one that does not answer is stopped with the masters
        }
    }

    private bool IsFormed()
    {
        if (!File.Exists(MarkerFile)) return false;
        var found = Directory.GetDirectories(_options.Folder, "node-*").Select(folder => Path.GetFileName(folder)!)
            .Order(StringComparer.Ordinal);
        var wanted = _nodes.Select(node => "node-" + Number(node.Port)).Order(StringComparer.Ordinal);
        if (found.SequenceEqual(wanted, StringComparer.Ordinal)) return true;
        throw new OperatorException($"{_options.Folder} holds a cluster of other nodes ({string.Join(", ", found)}): "
            + "give the options that it was made with, another --dir, or remove the folder");
    }

    private void Form(Action<string> say, CancellationToken cancellation)
    {
        say($"Assigning {SlotCount} slots to {_options.Masters} masters");
        for (var i = 0; i < _options.Masters; i++)
        {
            var from = i * SlotCount / _options.Masters;
            var to = (i + 1) * SlotCount / _options.Masters - 1;
            _nodes[i].Call("CLUSTER", "ADDSLOTSRANGE", Number(from), Number(to));
            _nodes[i].Call("CLUSTER", "SET-CONFIG-EPOCH", Number(i + 1));
        }

        foreach (var node in _nodes.Skip(1)) WaitFor(node, $"node {node.Address} to be met", () => IsMet(node), cancellation);
        foreach (var node in _nodes)
        {
            WaitFor(node, $"node {node.Address} to know the others", () =>
                NodeProcess.Field(node.Call("CLUSTER", "INFO"), "cluster_known_nodes") == Number(_nodes.Count)
                && !node.Call("CLUSTER", "NODES").Contains("handshake", StringComparison.Ordinal), cancellation);
        }

        if (_options.ReplicasPerMaster > 0) say($"Giving each master {_options.ReplicasPerMaster} replica(s)");
        for (var i = _options.Masters; i < _nodes.Count; i++)
            _nodes[i].Call("CLUSTER", "REPLICATE", _nodes[i % _options.Masters].Call("CLUSTER", "MYID"));
    }

    /// <summary>
    /// True when the first node knows a node. Introduces it when it does not even try: a handshake that takes longer
    /// than the node timeout
    /// is given up, which happens on a machine that stalls.
    /// </summary>
    private bool IsMet(NodeProcess node)
    {
        var line = _nodes[0].Call("CLUSTER", "NODES").Split('\n')
            .FirstOrDefault(text => text.Contains($":{Number(node.Port)}@", StringComparison.Ordinal));
        if (line is null) _nodes[0].Call("CLUSTER", "MEET", "127.0.0.1", Number(node.Port));
        return line is not null && !line.Contains("handshake", StringComparison.Ordinal);
    }

    private void WaitUntilHealthy(CancellationToken cancellation)
    {
        foreach (var node in _nodes)
        {
            WaitFor(node, $"node {node.Address} to say cluster_state:ok", () =>
                NodeProcess.Field(node.Call("CLUSTER", "INFO"), "cluster_state") == "ok", cancellation);
            WaitFor(node, $"the replication link of node {node.Address}", () =>
            {
                var info = node.Call("INFO", "replication");
                return NodeProcess.Field(info, "role") == "master" || NodeProcess.Field(info, "master_link_status") == "up";
            }, cancellation);
        }
    }

    private static void WaitFor(NodeProcess node, string what, Func<bool> condition, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (node.HasExited)
                throw new OperatorException($"node {node.Address} ended with exit code {node.ExitCode}; see {node.LogFile}");
            try
            {
                if (condition()) return;
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperatorException)
            {
                // Not ready yet; the deadline below says when that is too long.
                if (watch.Elapsed > Patience) throw new OperatorException($"waited {Patience.TotalSeconds:F0} s for {what}: {exception.Message}");
            }

            if (watch.Elapsed > Patience) throw new OperatorException($"waited {Patience.TotalSeconds:F0} s for {what}; see {node.LogFile}");
            cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(50));
        }
    }
}
