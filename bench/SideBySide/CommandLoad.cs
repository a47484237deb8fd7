namespace Starling.Bench.SideBySide;

/// <summary>
/// One row of the table. The texts are commands separated by ';' in words separated by blanks; <c>{r}</c> is a random
/// key number, <c>{m}</c> one of a tenth as many, <c>{l}</c> a random list number, <c>{s}</c> the number of the
/// operation within its turn, <c>{c}</c> that number modulo the lists and <c>{d}</c> divided by them. Of large
/// collections, of which there are ten with a thousand elements each, <c>{x}</c> is a random one and <c>{b}</c> a random
/// element, <c>{e}</c> and <c>{g}</c> the number of the operation modulo and divided by ten; <c>{f}</c> is a random
/// number below ten, <c>{h}</c> one below a hundred. They print ten digits, or as many as stand behind a colon:
/// <c>{f:4}</c>. <c>{v}</c> is a value of 32 bytes.
/// </summary>
/// <param name="Name">What the table and <c>--commands</c> call it.</param>
/// <param name="Text">One operation.</param>
/// <param name="Before">
/// What runs, unmeasured, once for every operation before each turn; null when nothing needs to.
/// </param>
internal sealed record CommandLoad(string Name, string Text, string? Before = null)
{
    private const string TenRandomKeys = " k{r} k{r} k{r} k{r} k{r} k{r} k{r} k{r} k{r} k{r}";

    /// <summary>The forty rows.</summary>
    public static IReadOnlyList<CommandLoad> All { get; } =
    [
        new("PING", "PING"),
        new("ECHO", "ECHO {v}"),
        new("SET", "SET k{r} {v}"),
        new("GET", "GET k{r}"),
        new("SETNX", "SETNX f{s} {v}", "DEL f{s}"),
        new("SETEX", "SETEX e{m} 100000 {v}"),
        new("GETSET", "GETSET k{r} {v}"),
        new("GETEX", "GETEX e{m} EX 100000"),
        new("GETRANGE", "GETRANGE k{r} 4 11"),
        new("SETRANGE", "SETRANGE k{r} 4 abcdefgh"),
        new("STRLEN", "STRLEN k{r}"),
        new("APPEND", "APPEND a{m} x"),
        new("INCR", "INCR n{m}"),
        new("INCRBY", "INCRBY n{m} 17"),
        new("INCRBYFLOAT", "INCRBYFLOAT d{m} 1.5"),
        new("MSET-10", "MSET" + TenRandomKeys.Replace("k{r}", "k{r} {v}", StringComparison.Ordinal)),
        new("MGET-10", "MGET" + TenRandomKeys),
        new("EXISTS", "EXISTS k{r}"),
        new("DEL", "DEL f{s}", "SET f{s} {v}"),
        new("UNLINK", "UNLINK f{s}", "SET f{s} {v}"),
        new("TTL", "TTL e{m}"),
        new("EXPIRE", "EXPIRE e{m} 100000"),
        new("PERSIST", "PERSIST f{s}", "SETEX f{s} 100000 {v}"),
        new("TYPE", "TYPE k{r}"),
        new("COPY", "COPY k{r} y{m} REPLACE"),
        new("RENAME", "RENAME f{s} g{s}", "SET f{s} {v}"),
        new("RANDOMKEY", "RANDOMKEY"),
        new("OBJECT", "OBJECT ENCODING k{r}"),
        new("DBSIZE", "DBSIZE"),
        new("SCAN", "SCAN 0 COUNT 10"),
        new("DUMP", "DUMP k{r}"),
        new("MULTI", "MULTI ; SET k{r} {v} ; EXEC"),
        new("LPUSH", "LPUSH p{l} {v}", "DEL p{s}"),
        new("RPUSH", "RPUSH p{l} {v}", "DEL p{s}"),
        new("LPOP", "LPOP q{c}", "RPUSH q{c} {v}"),
        new("LLEN", "LLEN l{l}"),
        new("LRANGE", "LRANGE l{l} 0 9"),
        new("LINDEX", "LINDEX l{l} 50"),
        new("LSET", "LSET l{l} 50 {v}"),
        new("LMOVE", "LMOVE x{l} x{l} LEFT RIGHT"),
    ];

    /// <summary>The two loads whose throughput the table tells too.</summary>
    public bool IsPrincipal => Name is "GET" or "SET";

    /// <summary>
    /// The rows of a list of names separated by commas; the forty when it is empty, <c>types</c> for those of the other
    /// types, <c>all</c> for both.
    /// </summary>
    /// <exception cref="ArgumentException">A name is not there.</exception>
    public static IReadOnlyList<CommandLoad> Choose(string names)
    {
        IReadOnlyList<CommandLoad> every = [.. All, .. TypeLoads.All];
        return names switch
        {
            "" => All,
            "types" => TypeLoads.All,
            "all" => every,
            _ => names.Split(',').Select(name => every.FirstOrDefault(load => load.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                ?? throw new ArgumentException($"no row is called '{name}'; there are {string.Join(' ', every.Select(load => load.Name))}")).ToList(),
        };
    }
}
