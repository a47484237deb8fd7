namespace Starling.Node.Tests.Scripting;

/// <summary>Scripts over a real socket: how they are called, what they find, what becomes of their values.</summary>
public class ScriptTests
{
    [Theory]
    [InlineData("return 1", "(integer) 1")]
    [InlineData("return 3.99", "(integer) 3")]
    [InlineData("return -3.99", "(integer) -3")]
    [InlineData("return 1/0", "(integer) -9223372036854775808")]
    [InlineData("return 'text'", "text")]
    [InlineData("return true", "(integer) 1")]
    [InlineData("return false", "(nil)")]
    [InlineData("return nil", "(nil)")]
    [InlineData("return {1,2,nil,4}", "[(integer) 1, (integer) 2]")]
    [InlineData("return {ok='fine'}", "fine")]
    [InlineData("return {err='BAD thing'}", "(error) BAD thing")]
    [InlineData("return redis.error_reply('x')", "(error) ERR x")]
    [InlineData("return redis.error_reply('-X y')", "(error) X y")]
    [InlineData("return {1,{'a',{ok='b'}}}", "[(integer) 1, [a, b]]")]
    [InlineData("return {err='BAD thing\\0more'}", "(error) BAD thing")]
    [InlineData("return {ok='fine\\0more'}", "fine")]
    [InlineData("return {pcall()}", "[(nil), attempt to call a boolean value]")]
    [InlineData("return redis.sha1hex('a')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8")]
    [InlineData("return redis.call('echo', 0.1)", "0.10000000000000001")]
    [InlineData("return redis.call('echo', 2^53)", "9007199254740992")]
    [InlineData("return tostring(redis.call('get', 'nobody'))", "false")]
    [InlineData("#!lua\tflags=no-writes\r\nreturn 2", "(integer) 2")]
    [InlineData("#!lua flags=\"no-writes\"\nreturn 2", "(integer) 2")]
    [InlineData("#!lua \"flags\nreturn 2", "(error) ERR Invalid engine in script shebang")]
    [InlineData("#!lua\0\nreturn 2", "(error) ERR Invalid script shebang")]
    [InlineData("return cjson.encode({[2^53]=1})", "{\"9.007199254741e+15\":1}")]
    [InlineData("return struct.unpack('', 'abcdef', -1)", "(integer) -1")]
    [InlineData("return {pcall(table.setn, {}, 1)}", "[(nil), 'setn' is obsolete]")]
    [InlineData("local a, b = pcall(function() table.insert({}) end) return b", "user_script:1: wrong number of arguments to 'insert'")]
    [InlineData(
        "local a, b = pcall(function() table.insert({}, {}, 1) end) return b",
        "user_script:1: bad argument #2 to 'insert' (number expected, got table)")]
    [InlineData("local a, b = pcall(function() table.insert(redis, 1) end) return b", "Attempt to modify a readonly table")]
    [InlineData(
        "local a, b = pcall(function() table.sort({1, 2}, 1) end) return b",
        "user_script:1: bad argument #2 to 'sort' (function expected, got number)")]
    [InlineData(
        "table.sort(redis) table.remove(redis) local t = {2, 1} table.sort(t) table.insert(t, 1, 3) return t",
        "[(integer) 3, (integer) 1, (integer) 2]")]
    [InlineData("return tostring(redis.pcall('echo', {}).ignore_error_stats_update)", "nil")]
    [InlineData("return tostring(redis.pcall('nope').ignore_error_stats_update)", "true")]
    public async Task A_value_is_answered_as_Redis_answers_it(string script, string reply)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal(reply, await client.TextAsync("eval", script, "0"));
    }

    [Theory]
    [InlineData("return x y", "ERR Error compiling script (new function): user_script:1: '<eof>' expected near 'y'")]
    [InlineData("return bit.bxor(1, {}, {})", "ERR user_script:1: bad argument #3 to 'bxor' (number expected, got table) script: 6fcb80c6bc38e2a35e1ee4b013bdad1c942dc9fe, on @user_script:1.")]
    [InlineData(
        "#!lua flags=no-writes\nreturn redis.call('pfcount','x')",
        "ERR Write commands are not allowed from read-only scripts. script: b5329cc02129c49b75e161e06aca28c0099fa3ad, on @user_script:2.")]
    [InlineData(
        "#!lua flags=no-writes\nreturn redis.call('publish','x','y')",
        "ERR Write commands are not allowed from read-only scripts. script: bd4ba029acb80a8f32924ef0a9e3990e03544b8a, on @user_script:2.")]
    [InlineData("error('x\\0y')", "ERR user_script:1: x script: 7f4ecbb5a8f424eadcddb5be960d1ce6e276ae3c, on @user_script:1.")]
    [InlineData("error('x')", "ERR user_script:1: x script: 9851144f39f03a0d597a980c5aa79c80cb696891, on @user_script:1.")]
    [InlineData(
        "\nlocal function f() error('deep') end\nf()",
        "ERR user_script:2: deep script: b9376e921e07b2b00924b39101bd1cce28d5cad6, on @user_script:2.")]
    [InlineData(
        "return redis.call('foo','a')",
        "ERR Unknown Redis command called from script script: 5225093794395d5145118a914ac93ae1136d6b39, on @user_script:1.")]
    [InlineData(
        "return redis.call('set','a')",
        "ERR Wrong number of args calling Redis command from script script: 68990c26510f449300ea04360b77feec1f073cc8, on @user_script:1.")]
    [InlineData(
        "return redis.call('subscribe','a')",
        "ERR This Redis command is not allowed from script script: fd4a0444fc6d87da49683765d56f05403bc78066, on @user_script:1.")]
    [InlineData("x=1", "ERR user_script:1: Attempt to modify a readonly table script: 7caf6056913504f0508c65faf2dc3f94ff65bcfd, on @user_script:1.")]
    public async Task An_error_says_what_Redis_says_and_where(string script, string error)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("(error) " + error, await client.TextAsync("eval", script, "0"));
    }

    [Fact]
    public async Task A_script_that_was_run_or_loaded_is_found_by_its_hash()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        const string Hash = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";
        Assert.Equal("(error) NOSCRIPT No matching script. Please use EVAL.", await client.TextAsync("evalsha", Hash, "0"));
        Assert.Equal("(integer) 1", await client.TextAsync("eval", "return 1", "0"));
        Assert.Equal("(integer) 1", await client.TextAsync("evalsha", Hash, "0"));
        Assert.Equal("(integer) 1", await client.TextAsync("evalsha", Hash.ToUpperInvariant(), "0"));
        Assert.Equal("[(integer) 1, (integer) 0]", await client.TextAsync("script", "exists", Hash, "x"));
        Assert.Equal("OK", await client.TextAsync("script", "flush"));
        Assert.Equal("[(integer) 0]", await client.TextAsync("script", "exists", Hash));
        Assert.Equal(Hash, await client.TextAsync("script", "load", "return 1"));
        Assert.Equal("(integer) 1", await client.TextAsync("evalsha_ro", Hash, "0"));
    }

    [Fact]
    public async Task Keys_and_arguments_are_two_tables()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal(
            "[k1, k2, a1, (integer) 2, (integer) 1]",
            await client.TextAsync("eval", "return {KEYS[1], KEYS[2], ARGV[1], #KEYS, #ARGV}", "2", "k1", "k2", "a1"));
        Assert.Equal("[(integer) 0, (integer) 0]", await client.TextAsync("eval", "return {#KEYS, #ARGV}", "0"));
    }
}
