using System.Globalization;
using System.Text;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// Makes scripts from a seed: values of every kind there and back, calls that work and that fail, errors that are caught and that are
/// not, the libraries with good and bad input, by EVAL, EVAL_RO and EVALSHA, with keys declared and not.
/// </summary>
internal sealed class ScriptCommandGenerator(int seed) : ICommandGenerator
{
    private static readonly string[] Numbers =
        ["0", "1", "-1", "3.99", "-3.5", "127", "256", "65536", "2^31", "2^53", "-2^40", "1e15", "1e20", "0.1", "1/3", "1/0", "-1/0", "0/0"];

    private static readonly string[] Jsons =
    [
        "[1,2.5,{\"a\":\"b\\u0041\"},null,true]", "{\"k\":[{},[],\"x\"],\"n\":-1.5e3}", "\"abc\\n\"", "[1,", "{\"a\" 1}", "nul", "0x1F", "[[[[[]]]]]",
        "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "", "1 2", "-", "1e400",
    ];

    private static readonly string[] Formats =
        ["<i4>I2b", ">hHlL", "!8bdB", "f<d", "sc3", "c0", "Bc0", "i3I7", "xx!4i", "z", "i33", "T", ">s s", "!3b", "b b"];

    private readonly Random _random = new(seed);

    public IEnumerable<string> AllKeys => ["s", "n", "l", "h", "z", "t", "absent"];

    public IEnumerable<string[]> Show(string key) => [["TYPE", key], ["DEBUG", "DIGEST-VALUE", key]];

    public IEnumerable<string[]> Next()
    {
        var source = Source();
        var keys = _random.Next(3) == 0 ? 0 : _random.Next(1, 3);
        string[] rest = [keys.ToString(CultureInfo.InvariantCulture), .. Enumerable.Range(0, keys).Select(_ => Key()), Text(), Pick(Jsons), Pick(Formats)];
        var name = _random.Next(8) == 0 ? "EVAL_RO" : "EVAL";
        if (_random.Next(40) == 0) source = "#!lua flags=" + Pick("no-writes", "allow-oom", "bogus", "", "no-writes,allow-stale") + "\n" + source;
        yield return [name, source, .. rest];
        if (_random.Next(5) == 0)
        {
#pragma warning disable CA5350 // scripts are called by it
            var hash = Convert.ToHexString(System.Security.Cryptography.SHA1.HashData(Encoding.UTF8.GetBytes(source)));
#pragma warning restore CA5350
            yield return [_random.Next(4) == 0 ? "EVALSHA_RO" : "EVALSHA", _random.Next(2) == 0 ? hash : hash.ToLowerInvariant(), .. rest];
        }

        if (_random.Next(60) == 0) yield return ["SCRIPT", "FLUSH"];
        if (_random.Next(30) == 0) yield return ["DEL", Key()];
    }

    private string Source() => _random.Next(12) switch
    {
        0 => $"return {Value(0)}",
        1 => $"local r = {Call()} return r",
        2 => $"return {{{Call()}, {Call()}, {Value(1)}}}",
        3 => $"local ok, e = pcall(function() return {Call()} end) return {{tostring(ok), type(e), e}}",
        4 => $"local r = {{}} for i = 1, {_random.Next(5)} do r[i] = {Call()} end return r",
        5 => $"redis.setresp({Pick("2", "3", "3", "4")}) return {Call()}",
        6 => $"{Fault()}",
        7 => $"local ok, e = pcall(function() {Fault()} end) return {{tostring(ok), type(e), type(e) == 'string' and e}}",
        8 => $"return cjson.encode({Value(0)})",
        9 => $"return {Pick("cmsgpack.pack", "cjson.encode")}({Value(0)})",
        10 => Library(),
        _ => $"local t = {Value(0)} if type(t) == 'table' then return #t end return {{type(t), tostring(t)}}",
    };

    private string Library() => _random.Next(6) switch
    {
        0 => "local ok, v = pcall(cjson.decode, ARGV[2]) if ok then return cjson.encode(v) end return v",
        1 => "local r = {pcall(struct.pack, ARGV[3], 1, 200, -3, 70000, 5.5, '8', 9)} return r[2]",
        2 => "local r = {pcall(struct.unpack, ARGV[3], 'abcdefghijklmnopqrst\\0\\1\\2\\3')} for i = 1, #r do r[i] = tostring(r[i]) end return r",
        3 => $"return {{bit.{Pick("band", "bor", "bxor", "lshift", "rshift", "arshift", "rol", "ror")}({Pick(Numbers[..14])}, {_random.Next(40)})}}",
        4 => $"return {{bit.tohex({Pick(Numbers[..14])}, {_random.Next(-9, 10)}), bit.bswap({Pick(Numbers[..14])}), bit.bnot({Pick(Numbers[..14])})}}",
        _ => $"local r = {{cmsgpack.unpack(cmsgpack.pack({Value(0)}, {Value(1)}))}} return cjson.encode(r)",
    };

    private string Fault() => _random.Next(12) switch
    {
        0 => "error('text')",
        1 => "error({err='MY text'})",
        2 => "local x = nil return x.y",
        3 => "return 1 + {}",
        4 => "undefined()",
        5 => "x = 1",
        6 => "return redis.error_reply('MY text')",
        7 => "string.rep()",
        8 => "return redis.call('nope')",
        9 => "return ('x') < 1",
        10 => "error('text', 0)",
        _ => "return redis.call('get')",
    };

    private string Call() => $"redis.{Pick("call", "call", "pcall")}({CallArguments()})";

    private string CallArguments() => _random.Next(16) switch
    {
        0 => $"'get', {KeyValue()}",
        1 => $"'set', {KeyValue()}, {Pick("ARGV[1]", "12", "'x'", "1.5")}",
        2 => $"'incr', {KeyValue()}",
        3 => $"'lpush', {KeyValue()}, ARGV[1], 'b'",
        4 => $"'lrange', {KeyValue()}, 0, -1",
        5 => $"'hset', {KeyValue()}, 'f', ARGV[1]",
        6 => $"'hgetall', {KeyValue()}",
        7 => $"'zadd', {KeyValue()}, 1.5, ARGV[1]",
        8 => $"'zrange', {KeyValue()}, 0, -1, 'withscores'",
        9 => $"'sadd', {KeyValue()}, 'm'",
        10 => $"'smembers', {KeyValue()}",
        11 => $"'del', {KeyValue()}, {KeyValue()}",
        12 => $"'type', {KeyValue()}",
        13 => $"'mget', {KeyValue()}, {KeyValue()}",
        14 => $"'zscore', {KeyValue()}, ARGV[1]",
        _ => Pick("'ping'", "'echo', ARGV[1]", "'dbsize'", "'select', 0", "'time', 1", "'subscribe', 'c'", "'set', KEYS[1], {}", "ARGV[1]", ""),
    };

    private string KeyValue() => _random.Next(3) == 0 ? $"'{Key()}'" : Pick("KEYS[1]", "KEYS[1]", "KEYS[2]");

    private string Value(int depth) => _random.Next(depth < 3 ? 12 : 7) switch
    {
        0 => Pick("true", "false", "nil", "cjson.null"),
        < 4 => Pick(Numbers),
        < 7 => Pick("'text'", "''", "'a\\nb'", "'\\0\\200\"/\\\\'", "ARGV[1]", "KEYS[1]"),
        7 => $"{{{string.Join(", ", Values(depth))}}}",
        8 => $"{{{string.Join(", ", Values(depth).Select((value, i) => $"k{i} = {value}"))}}}",
        9 => Pick("{ok='fine'}", "{err='BAD thing'}", "{double=2.5}", "{big_number='123'}", "{verbatim_string={format='txt', string='v'}}"),
        10 => $"{{map={{a={Value(depth + 1)}}}}}",
        _ => "{set={a=true}}",
    };

    private IEnumerable<string> Values(int depth) => Enumerable.Range(0, _random.Next(4)).Select(_ => Value(depth + 1)).ToArray();

    private string Key() => Pick("s", "n", "l", "h", "z", "t", "absent");

    private string Text() => Pick("a", "10", "", "abc", "-1");

    private string Pick(params string[] choices) => choices[_random.Next(choices.Length)];
}
