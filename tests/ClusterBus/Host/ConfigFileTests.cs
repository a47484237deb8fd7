using Starling.ClusterBus.Host;

namespace Starling.ClusterBus.Tests.Host;

public sealed class ConfigFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("starling-nodes-conf-").FullName;

    private string FilePath => Path.Combine(_directory, "nodes.conf");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_new_file_is_empty()
    {
        using var file = ConfigFile.Open(FilePath);
        Assert.Equal("", file.Read());
        Assert.True(File.Exists(FilePath));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_saved_is_read_again(bool sync)
    {
        using (var file = ConfigFile.Open(FilePath))
        {
            file.Save("first and longer\n", sync);
            file.Save("second\n", sync);
            Assert.Equal(!sync, file.IsUnsynced);
            file.Sync();
            Assert.False(file.IsUnsynced);
            Assert.Equal("second\n", file.Read());
        }

        using var again = ConfigFile.Open(FilePath);
        Assert.Equal("second\n", again.Read());
    }

    [Fact]
    public void No_temporary_file_stays()
    {
        using var file = ConfigFile.Open(FilePath);
        file.Save("text", sync: true);
        Assert.Equal([FilePath], Directory.GetFiles(_directory));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_in_use_is_refused_also_after_it_was_replaced(bool replaced)
    {
        using var file = ConfigFile.Open(FilePath);
        if (replaced) file.Save("text", sync: true);
        var refusal = Assert.Throws<ClusterStartException>(() => ConfigFile.Open(FilePath));
        Assert.StartsWith(
            $"Sorry, the cluster configuration file {FilePath} is already used by a different Redis Cluster node.",
            refusal.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_replaced_keeps_its_text()
    {
        using var file = ConfigFile.Open(FilePath);
        file.Save("text", sync: true);
        Directory.CreateDirectory(Path.Combine(_directory, "elsewhere"));
        Directory.Move(_directory, _directory + "-gone");
        try
        {
            Assert.ThrowsAny<IOException>(() => file.Save("other", sync: true));
            Assert.Equal("text", file.Read());
        }
        finally
        {
            Directory.Move(_directory + "-gone", _directory);
        }
    }

    [Fact]
    public void A_file_in_a_directory_that_is_not_there_cannot_be_opened() =>
        Assert.StartsWith(
            "Can't open",
            Assert.Throws<ClusterStartException>(
                () => ConfigFile.Open(Path.Combine(_directory, "no", "nodes.conf"))).Message,
            StringComparison.Ordinal);
}
