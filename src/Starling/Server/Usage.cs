namespace Starling.CommandLine.Server;

/// <summary>The help of <c>starling server</c>.</summary>
internal static class Usage
{
    public const string Text = """
        Usage: starling server [/path/to/redis.conf] [options] [-]
               starling server - (read config from stdin)
               starling server -v or --version
               starling server -h or --help

        The configuration file is Redis's; every directive is an option too and then counts more than the file.
        The same options work when the program is started through a link named redis-server.

        Examples:
               starling server (run the server with default conf)
               echo 'maxclients 100' | starling server -
               starling server /etc/redis/6379.conf
               starling server --port 7777
               starling server --port 7777 --replicaof 127.0.0.1 8888
               starling server /etc/myredis.conf --loglevel verbose -
               starling server /etc/myredis.conf --loglevel verbose

        """;
}
