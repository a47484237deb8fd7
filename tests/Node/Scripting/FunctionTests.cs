using System.Text.RegularExpressions;
using Starling.Resp;

namespace Starling.Node.Tests.Scripting;

/// <summary>FUNCTION, FCALL and FCALL_RO, with the words of redis-server 7.0.15.</summary>
public class FunctionTests
{
    [Fact]
    public async Task A_library_is_loaded_listed_called_replaced_and_deleted()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        const string Code = "#!lua name=lib\nredis.register_function('echo', function(keys, args) return {keys, args} end)";
        Assert.Equal("lib", await client.TextAsync("function", "load", Code));
        Assert.Equal("[[k, l], [a]]", await client.TextAsync("fcall", "echo", "2", "k", "l", "a"));
        Assert.Equal("[[], []]", await client.TextAsync("fcall", "ECHO", "0"));
        Assert.Equal("(error) ERR Library 'lib' already exists", await client.TextAsync("function", "load", Code));
        Assert.Equal("lib", await client.TextAsync("function", "load", "replace", Library("lib", "f", "return 2")));
        Assert.Equal("(error) ERR Function not found", await client.TextAsync("fcall", "echo", "0"));
        Assert.Equal("(integer) 2", await client.TextAsync("fcall", "f", "0"));
        Assert.Equal("(error) ERR Function F already exists", await client.TextAsync("function", "load", Library("other", "F", "return 1")));
        Assert.Equal("LIB", await client.TextAsync("function", "load", Library("LIB", "g", "return 1")));
        Assert.Equal("(error) ERR Library not found", await client.TextAsync("function", "delete", "LiB"));
        Assert.Equal("OK", await client.TextAsync("function", "delete", "lib"));
        Assert.Equal("(error) ERR Function not found", await client.TextAsync("fcall", "f", "0"));
        Assert.Equal("OK", await client.TextAsync("function", "flush", "async"));
        Assert.Equal("[]", await client.TextAsync("function", "list"));
    }

    [Fact]
    public async Task A_function_that_does_not_write_runs_once_whatever_keys_it_reads()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        const string Code = "#!lua name=one\nlocal n = 0\nredis.register_function{function_name='f', flags={'no-writes'}, callback=function(keys) "
            + "n = n + 1 redis.call('get', keys[1]) redis.call('get', 'another') return n end}";
        await client.CallAsync("function", "load", Code);
        Assert.Equal("(integer) 1", await client.TextAsync("fcall", "f", "1", "k"));
        Assert.Equal("(integer) 2", await client.TextAsync("fcall_ro", "f", "1", "k"));
    }

    [Fact]
    public async Task Of_flags_that_are_given_twice_those_that_are_read_last_count()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        const string Code = "#!lua name=one\nredis.register_function{flags={'allow-oom'}, function_name='f', FLAGS={}, callback=function() end}";
        await client.CallAsync("function", "load", Code);
        Assert.Contains("flags, []", await client.TextAsync("function", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LIST_tells_libraries_by_pattern_with_their_functions_and_their_code_if_asked()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        const string Code = "#!lua name=one\nredis.register_function{function_name='a', callback=function() end, description='d', "
            + "flags={'no-writes', 'Allow-Stale'}}\nredis.register_function('b', function() end)";
        await client.CallAsync("function", "load", Code);
        await client.CallAsync("function", "load", Library("two", "c", "return 1"));
        const string One = "[library_name, one, engine, LUA, functions, [[name, a, description, d, flags, [no-writes, allow-stale]], "
            + "[name, b, description, (nil), flags, []]]";
        const string Two = "[library_name, two, engine, LUA, functions, [[name, c, description, (nil), flags, []]]]";
        Assert.Equal($"[{One}], {Two}]", await client.TextAsync("function", "list"));
        Assert.Equal($"[{One}, library_code, {Code}]]", await client.TextAsync("function", "list", "withcode", "libraryname", "ON*"));
        Assert.Equal("[]", await client.TextAsync("function", "list", "libraryname", "x*"));
        Assert.Equal("(error) ERR Unknown argument x", await client.TextAsync("function", "list", "x"));
        Assert.Equal("(error) ERR Unknown argument WITHCODE", await client.TextAsync("function", "list", "WITHCODE", "WITHCODE"));
        Assert.Equal("(error) ERR library name argument was not given", await client.TextAsync("function", "list", "libraryname"));
        await client.CallAsync("hello", "3");
        var reply = await client.CallAsync("function", "list", "libraryname", "one");
        Assert.Equal(RespKind.Map, reply[0].Kind);
        Assert.Equal(RespKind.Set, reply[0][5][0][5].Kind);
        Assert.Equal(
            "[running_script, (nil), engines, [LUA, [libraries_count, (integer) 2, functions_count, (integer) 3]]]",
            await client.TextAsync("function", "stats"));
    }

    [Theory]
    [InlineData("", "Missing library metadata")]
    [InlineData("return 1", "Missing library metadata")]
    [InlineData("#!lua name=a", "Invalid library metadata")]
    [InlineData("#!lua \"name=a\n", "Invalid library metadata")]
    [InlineData("#!lua name=a\0b\nreturn 1", "Invalid library metadata")]
    [InlineData("#!lua\n", "Library name was not given")]
    [InlineData("#! lua name=a\n", "Invalid metadata value given: lua")]
    [InlineData("#!lua name=a name=b\n", "Invalid metadata value, name argument was given multiple times")]
    [InlineData("#!lua name=a-b\n", "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long")]
    [InlineData("#!js name=a\n", "Engine 'js' not found")]
    [InlineData("#!LUA NAME=a\nreturn 1", "No functions registered")]
    [InlineData("#!lua name=a\nx y", "Error compiling function: user_function:2: '=' expected near 'y'")]
    [InlineData("#!lua name=a\n\u001bLua", "Error compiling function: user_function:2: unexpected symbol near 'char(27)'")]
    [InlineData(
        "#!lua name=a\nredis.call('ping')",
        "Error registering functions: ERR user_function:2: Script attempted to access nonexistent global variable 'call'")]
    [InlineData(
        "#!lua name=a\nmath.random()",
        "Error registering functions: ERR user_function:2: Script attempted to access nonexistent global variable 'math'")]
    [InlineData("#!lua name=a\nx = 1", "Error registering functions: ERR user_function:2: Attempt to modify a readonly table")]
    [InlineData("#!lua name=a\nredis.x = 1", "Error registering functions: ERR user_function:2: Attempt to modify a readonly table")]
    [InlineData("#!lua name=a\nwhile true do end", "Error registering functions: ERR FUNCTION LOAD timeout")]
    [InlineData(
        "#!lua name=a\nlocal s = 'x' for i = 1, 26 do s = s .. s end\n"
        + "for i = 1, 100 do redis.register_function{function_name='f' .. i, callback=function() end, description=s} end",
        "Error registering functions: ERR not enough memory")]
    public async Task A_library_that_cannot_be_loaded_is_refused_and_what_was_there_stays(string code, string error)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("function", "load", Library("a", "f", "return 1"));
        Assert.Equal("(error) ERR " + error, await client.TextAsync("function", "load", "replace", code));
        Assert.Equal("(integer) 1", await client.TextAsync("fcall", "f", "0"));
    }

    [Theory]
    [InlineData("()", "wrong number of arguments to redis.register_function")]
    [InlineData("('f', function() end, 1)", "wrong number of arguments to redis.register_function")]
    [InlineData(
        "('f')", "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).")]
    [InlineData("({}, function() end)", "first argument to redis.register_function must be a string")]
    [InlineData("('f', 1)", "second argument to redis.register_function must be a function")]
    [InlineData("{}", "redis.register_function must get a function name argument")]
    [InlineData("{function_name='f'}", "redis.register_function must get a callback argument")]
    [InlineData("{function_name={}}", "function_name argument given to redis.register_function must be a string")]
    [InlineData("{callback=1}", "callback argument given to redis.register_function must be a function")]
    [InlineData("{description={}}", "description argument given to redis.register_function must be a string")]
    [InlineData("{flags=1}", "flags argument to redis.register_function must be a table representing function flags")]
    [InlineData("{flags={'x'}}", "unknown flag given")]
    [InlineData("{flags={1}}", "unknown flag given")]
    [InlineData("{x=1}", "unknown argument given to redis.register_function")]
    [InlineData("{1}", "unknown argument given to redis.register_function")]
    [InlineData("{[redis]=1}", "named argument key given to redis.register_function is not a string")]
    [InlineData(
        "('a b', function() end)",
        "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long")]
    [InlineData("('f', function() end) redis.register_function('F', function() end)", "Function already exists in the library")]
    public async Task What_is_no_function_is_not_registered(string arguments, string error)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal(
            "(error) ERR Error registering functions: ERR " + error,
            await client.TextAsync("function", "load", "#!lua name=a\nredis.register_function" + arguments));
        Assert.Equal("[]", await client.TextAsync("function", "list"));
    }

    [Theory]
    [InlineData("error('x')", "ERR user_function:3: x script: f, on @user_function:3.")]
    [InlineData("return redis.call('get')", "ERR Wrong number of args calling Redis command from script script: f, on @user_function:3.")]
    [InlineData("return KEYS", "ERR user_function:3: Script attempted to access nonexistent global variable 'KEYS' script: f, on @user_function:3.")]
    [InlineData("return redis.call('fcall', 'f', 0)", "ERR This Redis command is not allowed from script script: f, on @user_function:3.")]
    [InlineData(
        "redis.register_function('g', function() end)",
        "ERR user_function:3: attempt to call field 'register_function' (a nil value) script: f, on @user_function:3.")]
    [InlineData(
        "kept.register_function('g', function() end)",
        "ERR redis.register_function can only be called on FUNCTION LOAD command script: f, on @user_function:3.")]
    [InlineData("return kept.call('get', 'x')", "ERR user_function:3: Script attempted to access nonexistent global variable 'call' script: f, on @user_function:3.")]
    [InlineData("x = 1", "ERR user_function:3: Attempt to modify a readonly table script: f, on @user_function:3.")]
    [InlineData("return redis.breakpoint()", "ERR user_function:3: attempt to call field 'breakpoint' (a nil value) script: f, on @user_function:3.")]
    public async Task An_error_of_a_function_names_it_and_the_line(string body, string error)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("function", "load", $"#!lua name=a\nlocal kept = redis redis.register_function('f', function(keys, args)\n{body} end)");
        Assert.Equal("(error) " + error, await client.TextAsync("fcall", "f", "0"));
    }

    [Fact]
    public async Task Calls_that_are_wrong_are_refused()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("function", "load", Library("a", "f", "return redis.call('set', 'k', 'v')"));
        Assert.Equal("(error) ERR Function not found", await client.TextAsync("fcall", "none", "x"));
        Assert.Equal("(error) ERR Function not found", await client.TextAsync("fcall", "\u00e9", "0"));
        Assert.Equal("(error) ERR Bad number of keys provided", await client.TextAsync("fcall", "f", "x"));
        Assert.Equal("(error) ERR Number of keys can't be negative", await client.TextAsync("fcall", "f", "-1"));
        Assert.Equal("(error) ERR Number of keys can't be greater than number of args", await client.TextAsync("fcall", "f", "1"));
        Assert.Equal("(error) ERR Can not execute a script with write flag using *_ro command.", await client.TextAsync("fcall_ro", "f", "0"));
        Assert.Equal("(error) ERR Unknown option given: x", await client.TextAsync("function", "load", "x", "y"));
        Assert.Equal("(error) ERR FUNCTION FLUSH only supports SYNC|ASYNC option", await client.TextAsync("function", "flush", "x"));
        Assert.Equal(
            "(error) ERR unknown subcommand or wrong number of arguments for 'FLUSH'. Try FUNCTION HELP.",
            await client.TextAsync("function", "FLUSH", "sync", "x"));
        Assert.Equal(
            "(error) ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
            await client.TextAsync("function", "restore", "x", "y"));
        Assert.Equal("(error) ERR DUMP payload version or checksum are wrong", await client.TextAsync("function", "restore", "x"));
        Assert.Equal("(error) NOTBUSY No scripts in execution right now.", await client.TextAsync("function", "kill"));
        Assert.Equal("LOAD [REPLACE] <FUNCTION CODE>", (await client.CallAsync("function", "help"))[1].ToString());
    }

    [Fact]
    public async Task What_a_library_keeps_lasts_from_call_to_call_and_over_errors()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync(
            "function", "load", "#!lua name=a\nlocal n = 0\nredis.register_function('inc', function(keys) n = n + 1 if keys[1] then error('x') end return n end)");
        Assert.Equal("(integer) 1", await client.TextAsync("fcall", "inc", "0"));
        Assert.StartsWith("(error) ERR user_function:3: x", await client.TextAsync("fcall", "inc", "1", "k"), StringComparison.Ordinal);
        Assert.Equal("(integer) 3", await client.TextAsync("fcall", "inc", "0"));
    }

    [Fact]
    public async Task A_function_that_says_that_it_does_not_write_reads_whatever_key_and_writes_none()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("set", "here", "1");
        await client.CallAsync("set", "elsewhere", "2");
        await client.CallAsync(
            "function", "load",
            "#!lua name=a\nlocal n = 0\nlocal function reader(keys) n = n + 1 return {redis.call('get', keys[1]), redis.call('get', 'elsewhere'), n} end\n"
            + "redis.register_function{function_name='r', callback=reader, flags={'no-writes'}}\n"
            + "redis.register_function{function_name='w', callback=function() return redis.call('set', 'k', 1) end, flags={'no-writes'}}");
        var first = (await client.CallAsync("fcall", "r", "1", "here")).Elements;
        Assert.Equal(("1", "2"), (first[0].ToString(), first[1].ToString()));
        var again = (await client.CallAsync("fcall_ro", "r", "1", "here")).Elements;
        Assert.Equal(first[2].Integer + 1, again[2].Integer);
        Assert.Equal(
            "(error) ERR Write commands are not allowed from read-only scripts. script: w, on @user_function:5.",
            await client.TextAsync("fcall", "w", "0"));
        Assert.Equal("(nil)", await client.TextAsync("get", "k"));
    }

    [Fact]
    public async Task Functions_of_one_library_called_on_several_threads_run_one_at_a_time()
    {
        const int Clients = 8;
        const int Calls = 200;
        await using var server = TestServer.Start(config => config.IoThreads = 4);
        var client = await server.ConnectAsync();
        await client.CallAsync(
            "function", "load",
            "#!lua name=a\nlocal n = 0\nredis.register_function{function_name='r', callback=function(keys) redis.call('get', keys[1]) n = n + 1 return n end, flags={'no-writes'}}");
        var seen = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async i =>
        {
            var own = await server.ConnectAsync();
            for (var j = 0; j < Calls; j++) seen.Add(await own.TextAsync("fcall", "r", "1", $"k{i}"));
        }));
        Assert.Equal(Clients * Calls, seen.Distinct(StringComparer.Ordinal).Count());
        Assert.Contains($"(integer) {Clients * Calls}", seen);
    }

    [Fact]
    public async Task Libraries_come_and_go_while_their_functions_are_called()
    {
        await using var server = TestServer.Start(config => config.IoThreads = 4);
        var client = await server.ConnectAsync();
        await client.CallAsync("function", "load", Library("a", "f", "return redis.call('incr', 'n')"));
        using var ends = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 3).Select(async i =>
        {
            var own = await server.ConnectAsync();
            var replies = new List<string>();
            while (!ends.IsCancellationRequested) replies.Add(await own.TextAsync(i == 0 ? "fcall_ro" : "fcall", "f", "1", $"k{i}"));
            return replies;
        }).ToList();
        for (var i = 0; i < 60; i++)
        {
            var flags = i % 2 == 0 ? "{'no-writes'}" : "{}";
            var code = $"#!lua name=a\nredis.register_function{{function_name='f', callback=function(keys) return redis.call('get', 'x' .. keys[1]) end, flags={flags}}}";
            Assert.Equal("a", await client.TextAsync("function", "load", "replace", code));
            if (i % 5 == 0) Assert.Equal("OK", await client.TextAsync("function", "delete", "a"));
        }

        await ends.CancelAsync();
        var allowed = new Regex(@"^(\(nil\)|\(integer\) \d+|\(error\) ERR (Function not found|Can not execute a script with write flag using \*_ro command\.))$");
        foreach (var replies in await Task.WhenAll(callers)) Assert.All(replies, reply => Assert.Matches(allowed, reply));
    }

    [Fact]
    public async Task INFO_and_MEMORY_STATS_count_libraries()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("function", "load", Library("a", "f", "return 1"));
        await client.CallAsync("eval", "return 1", "0");
        var info = await client.TextAsync("info", "memory");
        Assert.Contains("number_of_functions:1\r\nnumber_of_libraries:1\r\n", info, StringComparison.Ordinal);
        foreach (var name in (string[])["used_memory_vm_functions", "used_memory_functions", "used_memory_scripts_eval", "used_memory_vm_eval"])
            Assert.Matches(name + ":[1-9]", info);
        var stats = (await client.CallAsync("memory", "stats")).Elements;
        var at = stats.ToList().FindIndex(element => element.ToString() == "functions.caches");
        Assert.True(stats[at + 1].Integer > 0);
        Assert.Equal("OK", await client.TextAsync("function", "flush", "sync"));
        Assert.Contains("used_memory_vm_functions:0\r\n", await client.TextAsync("info", "memory"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_that_a_function_may_not_have_is_refused_and_the_library_goes_on()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync(
            "function", "load",
            "#!lua name=a\nlocal n = 0\nredis.register_function('big', function() n = n + 1 local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1e6) .. i end end)\n"
            + "redis.register_function('n', function() return n end)");
        Assert.StartsWith("(error) ERR not enough memory script: big", await client.TextAsync("fcall", "big", "0"), StringComparison.Ordinal);
        Assert.Equal("(integer) 1", await client.TextAsync("fcall", "n", "0"));
        var info = await client.TextAsync("info", "memory");
        var bytes = long.Parse(Regex.Match(info, @"used_memory_vm_functions:(\d+)").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(bytes, 1, 16 << 20);
    }

    internal static string Library(string name, string function, string body) =>
        $"#!lua name={name}\nredis.register_function('{function}', function(keys, args) {body} end)";
}
