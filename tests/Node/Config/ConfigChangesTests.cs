using Starling.Node.Config;

namespace Starling.Node.Tests.Config;

public class ConfigChangesTests
{
    private readonly ServerConfig _config = new();

    [Fact]
    public void Several_directives_change_together()
    {
        Assert.Null(Set(("port", "7000"), ("save", "10 1 20 2"), ("client-output-buffer-limit", "slave 5 4 3")));
        Assert.Equal(7000, _config.Port);
        Assert.Equal([new SavePoint(10, 1), new SavePoint(20, 2)], _config.Save);
        Assert.Equal(new OutputBufferLimit(5, 4, 3), _config.ReplicaOutputBufferLimit);
    }

    [Fact]
    public void A_bad_value_undoes_those_before_it()
    {
        Assert.Equal(
            "hz: argument couldn't be parsed into an integer",
            Set(("port", "7000"), ("save", ""), ("requirepass", "x"), ("hz", "x")));
        Assert.Equal(6379, _config.Port);
        Assert.Equal(3, _config.Save.Count);
        Assert.Null(_config.RequirePass);
    }

    [Fact]
    public void A_part_that_cannot_follow_undoes_everything_and_is_told_again()
    {
        var seen = new List<int>();
        var applied = 0;
        _config.OnChange("hz", () => applied++);
        _config.OnApply("port", () =>
        {
            seen.Add(_config.Port);
            return _config.Port == 7000 ? "Unable to listen on this port. Check server logs." : null;
        });
        Assert.Equal("port: Unable to listen on this port. Check server logs.", Set(("hz", "20"), ("port", "7000")));
        Assert.Equal([7000, 6379], seen);
        Assert.Equal((10, 2), (_config.Hz, applied));
    }

    [Fact]
    public void Only_what_changed_is_applied_and_a_shared_function_once()
    {
        var calls = 0;
        string? Apply()
        {
            calls++;
            return null;
        }

        Func<string?> apply = Apply;
        _config.OnApply("port", apply);
        _config.OnApply("bind", apply);
        Set(("port", "6379"), ("hz", "20"));
        Assert.Equal(0, calls);
        Set(("port", "7000"), ("bind", "127.0.0.1"));
        Assert.Equal(1, calls);
    }

    [Fact]
    public void An_alias_is_the_same_directive()
    {
        var calls = 0;
        _config.OnChange("slave-priority", () => calls++);
        Assert.Null(Set(("replica-priority", "5")));
        Assert.Equal((5, 1), (_config.ReplicaPriority, calls));
    }

    [Fact]
    public void What_is_refused_at_start_is_refused_here_too()
    {
        Assert.StartsWith("appendonly: appendonly is not supported yet", Set(("appendonly", "yes")), StringComparison.Ordinal);
        Assert.Null(Set(("appendonly", "no")));
    }

    private string? Set(params (string Name, string Value)[] settings)
    {
        var pairs = settings.Select(setting => (DirectiveTable.Find(setting.Name)!, setting.Value)).ToList();
        return _config.Changes.TrySet(_config, pairs, out var failed, out var reason) ? null : $"{failed!.Name}: {reason}";
    }
}
