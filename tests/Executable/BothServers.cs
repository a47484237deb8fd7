using System.Globalization;
using System.Text.RegularExpressions;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>A server of each kind, for tests that send both the same.</summary>
public sealed class BothServers : IDisposable
{
    private static readonly string[] Directives = ["save ", "enable-debug-command yes", "enable-protected-configs yes"];

    public ServerProcess Starling { get; } = ServerProcess.Start(ServerKind.Starling, Directives);

    public ServerProcess Redis { get; } = ServerProcess.Start(ServerKind.Redis, Directives);

    /// <summary>
    /// The arguments of a case: separated by spaces, <c>{n}</c> is so many x, <c>{empty}</c> nothing, <c>{zero}</c> a zero
    /// byte and <c>{space}</c> a space within an argument.
    /// </summary>
    public static string[] Arguments(string text) =>
    [
        .. text.Split(' ').Select(word => Regex.Replace(word, @"\{(\d+)\}", Repeat)
            .Replace("{empty}", "", StringComparison.Ordinal)
            .Replace("{space}", " ", StringComparison.Ordinal)
            .Replace("{zero}", "\0", StringComparison.Ordinal)),
    ];

    /// <summary>Calls a command on a connection of its own; an error reply is its text.</summary>
    public static string Call(ServerProcess server, params string[] arguments)
    {
        using var connection = new RespConnection(server.Port);
        return Describe(connection.Call(arguments)).Replace(
            server.Port.ToString(CultureInfo.InvariantCulture), "PORT", StringComparison.Ordinal);
    }

    public void Dispose()
    {
        Starling.Dispose();
        Redis.Dispose();
    }

    private static string Repeat(Match count) => new('x', int.Parse(count.Groups[1].ValueSpan, CultureInfo.InvariantCulture));

    private static string Describe(object? reply) => reply switch
    {
        null => "(nil)",
        object?[] items => "[" + string.Join(", ", items.Select(Describe)) + "]",
        _ => reply.ToString() ?? "",
    };
}
