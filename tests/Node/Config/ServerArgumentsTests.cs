using Starling.Node.Config;

namespace Starling.Node.Tests.Config;

public class ServerArgumentsTests
{
    [Fact]
    public void The_first_argument_without_a_dash_is_the_file()
    {
        var arguments = ServerArguments.Parse(["/etc/redis.conf", "--port", "7000"]);
        Assert.Equal("/etc/redis.conf", arguments.File);
        Assert.Equal("port \"7000\" ", arguments.Options);
    }

    [Theory]
    [InlineData("--port|7000|--loglevel|verbose", "port \"7000\" \nloglevel \"verbose\" ")]
    [InlineData("--port 6380|--loglevel verbose", "port 6380 \nloglevel verbose ")]
    [InlineData("--save||--port|1", "save \"\" \nport \"1\" ")]
    [InlineData("--save|--port|1", "save \"\"\nport \"1\" ")]
    [InlineData("--port|1|--save", "port \"1\" \nsave \"\"")]
    [InlineData("--proc-title-template|--my--title", "proc-title-template \"--my--title\" ")]
    [InlineData("--proc-title-template|--save|--save||--port|1", "proc-title-template \"--save\" \nsave \"\" \nport \"1\" ")]
    [InlineData("--replicaof|127.0.0.1|7000", "replicaof \"127.0.0.1\" \"7000\" ")]
    [InlineData("--port|--bla|--loglevel|verbose", "port \"--bla\" \nloglevel \"verbose\" ")]
    public void Directives_become_lines(string arguments, string expected) =>
        Assert.Equal(expected, ServerArguments.Parse(arguments.Split('|')).Options);

    [Theory]
    [InlineData("-", true)]
    [InlineData("-|--port|1", true)]
    [InlineData("--port|1|-", true)]
    [InlineData("--port|-|1", false)]
    public void A_dash_at_either_end_is_standard_input(string arguments, bool reads) =>
        Assert.Equal(reads, ServerArguments.Parse(arguments.Split('|')).ReadsStandardInput);
}
