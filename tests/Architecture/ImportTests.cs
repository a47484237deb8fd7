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

    [Theory]
    [InlineData("Starling.Slots", "")]
    [InlineData("Starling.Resp", "Starling.Slots")]
    [InlineData("Starling.Transport", "")]
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
        Assert.Empty(compiled.MutableStaticFields(underNamespace));
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
}
