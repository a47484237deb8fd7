using System.Globalization;
using System.Text;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>
/// RESTORE of changed payloads of every type: it is refused, or makes a value that every command can work with; nothing
/// is left of it in the end.
/// </summary>
public class PayloadFuzzTests
{
    private const int UsualRounds = 3000;
    private const int PerTurn = 50;
    private const long Tolerance = 4 << 20;

    private static int Rounds =>
        Environment.GetEnvironmentVariable("STARLING_FUZZ_PAYLOADS") is { } rounds ? int.Parse(rounds, CultureInfo.InvariantCulture) : UsualRounds;

    [Fact]
    public void A_changed_payload_is_refused_or_makes_a_value_that_works()
    {
        const int seed = 8;
        using var server = ServerProcess.Start(ServerKind.Starling, "save ", "sanitize-dump-payload yes", "enable-debug-command yes");
        using var connection = new RespConnection(server.Port);
        List<string> samples = [.. DumpPayloads.Of(connection), .. DumpPayloads.Old()];
        using (var redis = ServerProcess.Start(ServerKind.Redis, "save "))
        using (var other = new RespConnection(redis.Port)) samples.AddRange(DumpPayloads.Of(other));

        connection.Text("FLUSHALL", "SYNC");
        var before = Used(connection);
        var made = 0;
        for (var round = 0; round < Rounds; round += PerTurn)
        {
            var random = new Random(seed + round);
            try
            {
                for (var i = 0; i < PerTurn; i++) made += Try(connection, Change(random, samples)) ? 1 : 0;
            }
            catch (Exception failure) when (failure is IOException or InvalidOperationException)
            {
                Assert.Fail($"seed {seed + round}: {failure.Message}\n{server.Log}");
            }
        }

        Assert.True(made > Rounds / 100, $"only {made} values were made");
        connection.Text("FLUSHALL", "SYNC");
        Wait.Until("the memory is free again", () => Used(connection) < before + Tolerance);
    }

    /// <summary>True when a value was made.</summary>
    private static bool Try(RespConnection connection, string content)
    {
        // 11 is the version of the newest types that are read here.
        var reply = connection.Call("RESTORE", "v", "0", DumpPayloads.WithFooter(content, 11), "REPLACE");
        if (reply is RespError error)
        {
            Assert.True(error.Text.StartsWith("ERR Bad data format", StringComparison.Ordinal), error.Text);
            return false;
        }

        var type = connection.Text("TYPE", "v");
        if (type == "none") return true; // what was made had expired
        string[][] commands =
        [
            ["OBJECT", "ENCODING", "v"], ["DEBUG", "DIGEST-VALUE", "v"], ["COPY", "v", "copy", "REPLACE"], .. PayloadUses.ByType[type], ["DUMP", "v"],
            ["DEBUG", "DIGEST-VALUE", "copy"], ["UNLINK", "copy"],
        ];
        connection.SendRaw(commands.SelectMany(RespConnection.Encode).ToArray());
        foreach (var command in commands)
        {
            if (connection.Read() is RespError refusal && refusal.Text.Contains("internal", StringComparison.OrdinalIgnoreCase))
                throw new InvalidOperationException($"{string.Join(' ', command)}: {refusal.Text}; content {Convert.ToHexString(Encoding.Latin1.GetBytes(content))}");
        }

        return true;
    }

    /// <summary>A sample with some bytes changed, added, taken out or repeated; the type byte seldom.</summary>
    private static string Change(Random random, List<string> samples)
    {
        var content = new StringBuilder(samples[random.Next(samples.Count)]);
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(20) == 0 ? 0 : random.Next(1, content.Length);
            switch (random.Next(6))
            {
                case 0 or 1:
                    content[at] = (char)random.Next(256);
                    break;
                case 2:
                    content[at] = (char)(content[at] ^ 1 << random.Next(8));
                    break;
                case 3:
                    content[at] = "\0\x01\x7F\x80\x81\xC0\xFE\xFF"[random.Next(8)];
                    break;
                case 4:
                    content.Remove(at, Math.Min(content.Length - at, random.Next(1, 5)));
                    break;
                case 5:
                    content.Insert(at, content.ToString(at, Math.Min(content.Length - at, random.Next(1, 20))));
                    break;
            }

            if (content.Length < 2) content.Append('\x01', 2);
        }

        return content.ToString();
    }

    private static long Used(RespConnection connection) =>
        long.Parse(RespConnection.Field(connection.Text("INFO", "memory"), "used_memory")!, CultureInfo.InvariantCulture);
}
