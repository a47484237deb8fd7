using Starling.Resp;

namespace Starling.Node.Tests.Scripting;

/// <summary>What a script cannot do to the server: leave its sandbox, run for ever, take all memory.</summary>
public class ScriptLimitTests
{
    [Theory]
    [InlineData("string.rep = nil")]
    [InlineData("redis.call = nil")]
    [InlineData("cjson.encode = nil")]
    [InlineData("_G.redis = nil")]
    [InlineData("rawset(_G, 'x', 1)")]
    [InlineData("rawset(string, 'x', 1)")]
    [InlineData("setmetatable(_G, {})")]
    [InlineData("setmetatable(string, {})")]
    [InlineData("table.insert(string, 1)")]
    [InlineData("getmetatable('').__index = nil")]
    [InlineData("getmetatable('').__index.rep = nil")]
    [InlineData("getmetatable(_G).__index = nil")]
    [InlineData("local f, s = pairs(string) s.rep = nil")]
    [InlineData("local f, s = pairs(redis) rawset(s, 'call', nil)")]
    [InlineData("local _, v = next(_G, 'string') _G.string = v")]
    public async Task What_scripts_share_cannot_be_changed(string script)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var reply = await client.TextAsync("eval", script, "0");
        Assert.Contains("Attempt to modify a readonly table", reply, StringComparison.Ordinal);
        Assert.Equal("xx", await client.TextAsync("eval", "return ('x'):rep(2) .. redis.call('echo', cjson.encode('')):sub(3)", "0"));
    }

    [Theory]
    [InlineData("io")]
    [InlineData("os")]
    [InlineData("debug")]
    [InlineData("require")]
    [InlineData("package")]
    [InlineData("dofile")]
    [InlineData("loadfile")]
    [InlineData("getfenv")]
    [InlineData("setfenv")]
    [InlineData("newproxy")]
    [InlineData("print")]
    [InlineData("module")]
    public async Task What_leads_out_is_not_there(string name)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.StartsWith(
            $"(error) ERR user_script:1: Script attempted to access nonexistent global variable '{name}'",
            await client.TextAsync("eval", $"return {name}", "0"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_many_arguments_as_Lua_hands_over_leave_room_for_the_reply()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        const string Body = "local a = {} for i = 1, 7998 do a[i] = 1 end return redis.call('lpush', 'l', unpack(a))";
        Assert.Equal("(integer) 7998", await client.TextAsync("eval", Body, "0"));
        await client.CallAsync("function", "load", FunctionTests.Library("a", "f", Body));
        Assert.Equal("(integer) 15996", await client.TextAsync("fcall", "f", "0"));
    }

    [Fact]
    public async Task Compiled_code_is_not_taken()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal(
            "[[string \"\u001bLua\"]:1: unexpected symbol near 'char(27)', [string \"?\"]]",
            (await client.TextAsync("eval", "local _, e = loadstring(string.dump(function() end)) local _, f = loadstring('\\27Lua') return {f, '[string \"?\"]'}", "0")));
        Assert.Equal("(nil)", await client.TextAsync("eval", "return loadstring(string.dump(function() return 1 end))", "0"));
        Assert.Equal(
            "(nil)",
            await client.TextAsync("eval", "local s = string.dump(function() return 1 end) return load(function() local t = s s = nil return t end)", "0"));
        Assert.StartsWith(
            "(error) ERR Error compiling script (new function)", await client.TextAsync("eval", "\u001bLua", "0"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("local function f() return 1 + f() end return f()")]
    [InlineData("local t = {} t[1] = t return cjson.encode(t)")]
    [InlineData("local s = 'x' while true do s = s .. s end")]
    [InlineData("local t = {} while true do t[#t + 1] = {1, 2, 3, 4, 5, 6, 7, 8} end")]
    [InlineData("return ('x'):rep(1e9)")]
    [InlineData("local f f = function(s) return (s:gsub('.', f)) end return f('x')")]
    [InlineData("local t = {} for i = 1, 15 do t = {t, t, t, t, t, t, t, t, t, t} end return #cmsgpack.pack(t)")]
    [InlineData("return unpack({}, 1, 1e7)")]
    public async Task What_takes_too_much_is_an_error_and_the_server_serves_on(string script)
    {
        await using var server = TestServer.Start(config => config.BusyReplyThreshold = 30_000);
        var client = await server.ConnectAsync();
        var reply = await client.CallAsync("eval", script, "0");
        Assert.Equal(RespKind.Error, reply.Kind);
        Assert.Equal("PONG", await client.TextAsync("ping"));
        Assert.Equal("(integer) 3", await client.TextAsync("eval", "return 1 + 2", "0"));
    }
}
