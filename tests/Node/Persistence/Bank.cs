using System.Globalization;
using Starling.Resp;

namespace Starling.Node.Tests.Persistence;

/// <summary>
/// Accounts in values of every kind, small and large, between which clients transfer in MULTI all the time: whoever sees all
/// accounts at one moment finds the same sum, and the same number of members of the sets and of elements of the lists.
/// </summary>
internal sealed class Bank : IAsyncDisposable
{
    private const int Accounts = 20_000;
    private const int Opening = 1000;
    private const int Counters = 100_000; // of 32 bits in one string: several pages

    private static readonly string[] Hashes = ["bank:large", "bank:small"];

    private readonly List<Task> _tellers = [];
    private readonly int _port;
    private volatile bool _isEnding;

    private Bank(int port) => _port = port;

    /// <summary>Opens the accounts; nobody transfers yet.</summary>
    public static async Task<Bank> OpenAsync(int port)
    {
        using var client = await TestClient.ConnectAsync(port);
        for (var from = 0; from < Accounts; from += 1000)
        {
            var numbers = Enumerable.Range(from, 1000).Select(Text).ToArray();
            await Ok(client, ["MSET", .. numbers.SelectMany(number => new[] { "account:" + number, Text(Opening) })]);
            await Ok(client, ["HSET", Hashes[0], .. numbers.SelectMany(number => new[] { number, Text(Opening) })]);
            await Ok(client, ["ZADD", "scores", .. numbers.SelectMany(number => new[] { Text(Opening), number })]);
            await Ok(client, ["SADD", "set:a", .. numbers]);
            await Ok(client, ["RPUSH", "list:a", .. numbers.Select(number => number + new string('x', 40))]);
        }

        await Ok(client, ["HSET", Hashes[1], .. Enumerable.Range(0, 50).SelectMany(number => new[] { Text(number), Text(Opening) })]);
        await Ok(client, ["SETBIT", "counters", Text((32 * Counters) - 1), "0"]);
        return new Bank(port);
    }

    /// <summary>Begins to transfer.</summary>
    /// <param name="tellers">Over how many connections.</param>
    public void Begin(int tellers)
    {
        for (var i = 0; i < tellers; i++)
        {
            var seed = i;
            _tellers.Add(Task.Run(() => TransferAsync(seed)));
        }
    }

    /// <summary>Stops the transfers; each that had begun is complete.</summary>
    public async Task EndAsync()
    {
        _isEnding = true;
        await Task.WhenAll(_tellers);
        _tellers.Clear();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await EndAsync();

    /// <summary>How many transfers were made up to now.</summary>
    public async Task<long> TransfersAsync()
    {
        using var client = await TestClient.ConnectAsync(_port);
        return await TransfersAsync(client);
    }

    /// <summary>Checks the books of a server where nobody transfers.</summary>
    /// <returns>How many transfers they hold.</returns>
    public static async Task<long> AuditAsync(int port)
    {
        using var client = await TestClient.ConnectAsync(port);
        long sum = 0;
        for (var from = 0; from < Accounts; from += 1000)
            sum += Sum(await client.CallAsync(["MGET", .. Enumerable.Range(from, 1000).Select(number => "account:" + Text(number))]));
        foreach (var hash in Hashes) sum += Sum(await client.CallAsync("HVALS", hash));
        sum += (await client.CallAsync("ZRANGE", "scores", "0", "-1", "WITHSCORES")).Elements.Where((_, i) => i % 2 == 1).Sum(Number);
        sum += SumOfCounters((await client.CallAsync("GET", "counters")).Bytes);
        Assert.Equal(((3L * Accounts) + 50) * Opening, sum);

        Assert.Equal(Accounts, await CountAsync(client, "SCARD", "set:a") + await CountAsync(client, "SCARD", "set:b"));
        Assert.Equal(Accounts, await CountAsync(client, "LLEN", "list:a") + await CountAsync(client, "LLEN", "list:b"));
        var transfers = await TransfersAsync(client);
        Assert.Equal(transfers, await CountAsync(client, "XLEN", "journal"));
        return transfers;
    }

    private static async Task Ok(TestClient client, string[] command)
    {
        var reply = await client.CallAsync(command);
        Assert.False(reply.IsError, reply.ToString());
    }

    private static async Task<long> TransfersAsync(TestClient client) => Number(await client.CallAsync("GET", "transfers"));

    private static async Task<long> CountAsync(TestClient client, string command, string key) => (await client.CallAsync(command, key)).Integer;

    private static long Sum(RespReply reply) => reply.Elements.Sum(Number);

    private static long Number(RespReply reply) => reply.Text is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : 0;

    private static long SumOfCounters(byte[] bytes)
    {
        long sum = 0;
        for (var at = 0; at + 4 <= bytes.Length; at += 4) sum += System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
        return sum;
    }

    private async Task TransferAsync(int seed)
    {
        var random = new Random(seed);
        using var client = await TestClient.ConnectAsync(_port);
        while (!_isEnding)
        {
            var amount = random.Next(1, 100);
            string[][] transaction =
            [
                ["MULTI"], Change(random, -amount), Change(random, amount), Move(random), Move(random), ["INCR", "transfers"],
                ["XADD", "journal", "*", "amount", Text(amount)], ["EXEC"],
            ];
            await client.SendAsync(transaction.SelectMany(TestClient.Encode).ToArray());
            for (var i = 1; i < transaction.Length; i++) await client.ReadAsync();
            var reply = await client.ReadAsync();
            Assert.True(reply.Elements.Count == transaction.Length - 2 && !reply.Elements.Any(part => part.IsError), reply.ToString());
        }
    }

    /// <summary>More or less in one account of any kind.</summary>
    private static string[] Change(Random random, int amount) => random.Next(5) switch
    {
        0 => ["INCRBY", "account:" + Text(random.Next(Accounts)), Text(amount)],
        1 => ["HINCRBY", Hashes[0], Text(random.Next(Accounts)), Text(amount)],
        2 => ["HINCRBY", Hashes[1], Text(random.Next(50)), Text(amount)],
        3 => ["ZINCRBY", "scores", Text(amount), Text(random.Next(Accounts))],
        _ => ["BITFIELD", "counters", "INCRBY", "i32", "#" + Text(random.Next(Counters)), Text(amount)],
    };

    private static string[] Move(Random random)
    {
        var (from, to) = random.Next(2) == 0 ? ("a", "b") : ("b", "a");
        return random.Next(2) == 0
            ? ["SMOVE", "set:" + from, "set:" + to, Text(random.Next(Accounts))]
            : ["LMOVE", "list:" + from, "list:" + to, random.Next(2) == 0 ? "LEFT" : "RIGHT", random.Next(2) == 0 ? "LEFT" : "RIGHT"];
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
