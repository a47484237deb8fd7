namespace Starling.Architecture.Tests;

/// <summary>Imports go one way, and the pure parts touch nothing outside themselves (ARCHITECTURE.md).</summary>
public class ImportTests
{
    private static readonly string[] ImpureTypes =
    [
        "System.Net.Sockets.", "System.IO.File.", "System.IO.FileStream.", "System.IO.Directory.", "System.TimeProvider.",
        "System.Diagnostics.Stopwatch.", "System.Threading.Thread.", "System.Threading.Timer.", "System.Threading.Tasks.Task.",
        "System.Console.", "Microsoft.Extensions.Logging.", "System.Guid.NewGuid",
    ];

    // What a thread holds is a fact about the thread, and whoever takes a lock knows nothing of those before it.
    private static readonly string[] HeldLocks = ["LockOrder._held"];

    // Those that ranked locks are made of, and the stripes, which note by themselves what is held.
    private static readonly string[] LockTypes = ["RankedLock", "LockScope", "RankedSpinLock", "StripeLock"];

    [Theory]
    [InlineData("Starling.Slots", "")]
    [InlineData("Starling.Resp", "Starling.Slots")]
    [InlineData("Starling.Transport", "Starling.Slots")]
    [InlineData("Starling.Serving", "Starling.Slots Starling.Resp Starling.Transport")]
    [InlineData("Starling.ClusterBus", "Starling.Slots Starling.Transport")]
    [InlineData("Starling.Node", "Starling.Slots Starling.Resp Starling.Transport Starling.Serving Starling.ClusterBus")]
    public void Imports_go_one_way(string assembly, string allowed)
    {
        using var compiled = new CompiledAssembly(assembly);
        var forbidden = compiled.References
            .Where(name => name.StartsWith("Starling.", StringComparison.Ordinal))
            .Except(allowed.Split(' '), StringComparer.Ordinal);
        Assert.Empty(forbidden);
    }

    [Theory]
    [InlineData("Starling.Slots", "Starling.Slots")]
    [InlineData("Starling.Resp", "Starling.Resp")]
    [InlineData("Starling.ClusterBus", "Starling.ClusterBus.Wire")]
    [InlineData("Starling.ClusterBus", "Starling.ClusterBus.View")]
    [InlineData("Starling.ClusterBus", "Starling.ClusterBus.Protocol")]
    public void Pure_parts_use_no_socket_file_clock_thread_or_logger(string assembly, string underNamespace)
    {
        using var compiled = new CompiledAssembly(assembly);
        var impure = compiled.UsesOf(underNamespace)
            .Where(use => ImpureTypes.Any(type => (use.Used + ".").StartsWith(type, StringComparison.Ordinal)))
            .Select(use => use.User + " uses " + use.Used)
            .Distinct(StringComparer.Ordinal);
        Assert.Empty(impure);
    }

    [Theory]
    [InlineData("Starling.Slots", "Starling.Slots")]
    [InlineData("Starling.Resp", "Starling.Resp")]
    [InlineData("Starling.ClusterBus", "Starling.ClusterBus.Wire")]
    [InlineData("Starling.ClusterBus", "Starling.ClusterBus.View")]
    [InlineData("Starling.ClusterBus", "Starling.ClusterBus.Protocol")]
    public void Pure_parts_have_no_static_mutable_state(string assembly, string underNamespace)
    {
        using var compiled = new CompiledAssembly(assembly);
        Assert.Empty(compiled.MutableStaticFields(underNamespace).Except(HeldLocks, StringComparer.Ordinal));
    }

    [Fact]
    public void Serving_knows_no_keyspace_and_no_value()
    {
        using var compiled = new CompiledAssembly("Starling.Serving");
        string[] forbidden = ["Starling.Slots.Keyspace.", "Starling.Slots.Values.", "Starling.Slots.Memory."];
        var uses = compiled.UsesOf("Starling.Serving")
            .Where(use => forbidden.Any(type => use.Used.StartsWith(type, StringComparison.Ordinal)))
            .Select(use => use.User + " uses " + use.Used)
            .Distinct(StringComparer.Ordinal);
        Assert.Empty(uses);
    }

    [Fact]
    public void Commands_know_no_socket_and_no_file()
    {
        using var compiled = new CompiledAssembly("Starling.Node");
        string[] forbidden = ["System.Net.Sockets.", "System.IO.File.", "System.IO.FileStream."];
        var uses = compiled.UsesOf("Starling.Node.Commands")
            .Where(use => forbidden.Any(type => (use.Used + ".").StartsWith(type, StringComparison.Ordinal)))
            .Select(use => use.User + " uses " + use.Used)
            .Distinct(StringComparer.Ordinal);
        Assert.Empty(uses);
    }

    [Theory]
    [InlineData("Starling.Slots", "Starling.Slots")]
    [InlineData("Starling.Resp", "Starling.Resp")]
    [InlineData("Starling.Serving", "Starling.Serving")]
    [InlineData("Starling.ClusterBus", "Starling.ClusterBus")]
    [InlineData("Starling.Node", "Starling.Node")]
    public void Only_Transport_names_sockets(string assembly, string underNamespace)
    {
        // Why something failed is everybody's to know.
        string[] errors = ["System.Net.Sockets.SocketError", "System.Net.Sockets.SocketException"];
        using var compiled = new CompiledAssembly(assembly);
        var uses = compiled.UsesOf(underNamespace)
            .Where(use => use.Used.StartsWith("System.Net.Sockets.", StringComparison.Ordinal) && !errors.Contains(use.Used, StringComparer.Ordinal))
            .Select(use => use.User + " uses " + use.Used)
            .Distinct(StringComparer.Ordinal);
        Assert.Empty(uses);
    }

    [Fact]
    public void Who_names_a_socket_is_found()
    {
        using var compiled = new CompiledAssembly("Starling.Transport");
        var users = compiled.UsesOf("Starling.Transport").Where(use => use.Used == "System.Net.Sockets.Socket").Select(use => use.User);
        Assert.Contains("Listener", users);
    }

    [Theory]
    [InlineData("Starling.Slots", "Starling.Slots")]
    [InlineData("Starling.Resp", "Starling.Resp")]
    [InlineData("Starling.ClusterBus", "Starling.ClusterBus")]
    [InlineData("Starling.Node", "Starling.Node")]
    [InlineData("Starling.Transport", "Starling.Transport")]
    [InlineData("Starling.Serving", "Starling.Serving")]
    [InlineData("starling", "Starling.CommandLine")]
    public void Every_lock_has_a_rank(string assembly, string underNamespace)
    {
        string[] unranked =
        [
            "System.Threading.Lock", "System.Threading.SpinLock", "System.Threading.Monitor", "System.Threading.Mutex",
            "System.Threading.ReaderWriterLockSlim", "System.Threading.ReaderWriterLock",
        ];
        using var compiled = new CompiledAssembly(assembly);
        var uses = compiled.UsesOf(underNamespace)
            .Where(use => unranked.Contains(use.Used, StringComparer.Ordinal) && !LockTypes.Contains(use.User, StringComparer.Ordinal))
            .Select(use => use.User + " uses " + use.Used)
            .Distinct(StringComparer.Ordinal);
        Assert.Empty(uses);
    }

    [Fact]
    public void Who_takes_a_lock_without_a_rank_is_found()
    {
        using var compiled = new CompiledAssembly("Starling.Slots");
        var uses = compiled.UsesOf("Starling.Slots").ToList();
        Assert.Contains(uses, use => use is { Used: "System.Threading.Lock", User: "RankedLock" });
        Assert.Contains(uses, use => use is { Used: "System.Threading.Monitor", User: "StripeLock" });
    }
}
