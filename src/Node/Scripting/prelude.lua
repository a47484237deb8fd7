-- What scripts find: Lua's libraries without what leads out of them, the libraries that Redis adds, and none of it changeable. Runs once
-- in every new state, before any script. A table that must not change is an empty one in front of the true one, which no script ever gets.
local raw, version, versionNumber, forFunctions = ...
local chunk = forFunctions and '@user_function' or '@user_script'
local lua, getinfo = {}, debug.getinfo
for name, value in pairs(_G) do lua[name] = value end
local error, type, select, setmetatable, rawget, next = error, type, select, setmetatable, rawget, next
local string, tostring, pcall = string, tostring, pcall

local true_of = setmetatable({}, { __mode = 'k' })
local readonly = 'Attempt to modify a readonly table'
local function refuse() error(readonly, 2) end

local function front(table, extra)
    local shown = {}
    local meta = extra or {}
    meta.__newindex = refuse
    meta.__index = meta.__index or table
    true_of[shown] = table
    return shown, meta
end

local nothing_meta = {}
local nothing = front({}, nothing_meta)
nothing_meta.__metatable = nothing
setmetatable(nothing, nothing_meta)

local function freeze(table)
    local shown, meta = front(table)
    meta.__metatable = nothing
    return setmetatable(shown, meta)
end

local function copy(source, names)
    local result = {}
    for name in string.gmatch(names, '%S+') do result[name] = source[name] end
    return result
end

local base = copy(lua, [[_VERSION assert collectgarbage coroutine error gcinfo getmetatable ipairs loadstring load next pairs pcall
    rawequal rawget rawset select setmetatable tonumber tostring type unpack xpcall]])

-- Reading and changing without metamethods, of tables that stand in front of others.
local lua_next, lua_rawget, lua_rawset, lua_setmetatable, lua_pairs = next, rawget, lua.rawset, setmetatable, pairs

-- As Lua's own functions say it, of the function that is called.
local function expect_table(name, ...)
    if type((...)) == 'table' then return end
    local got = select('#', ...) == 0 and 'no value' or type((...))
    error("bad argument #1 to '" .. name .. "' (table expected, got " .. got .. ')', 3)
end

base.next = function(...)
    expect_table('next', ...)
    local hidden = true_of[(...)]
    if hidden then return lua_next(hidden, select(2, ...)) end
    return lua_next(...)
end
base.pairs = function(...)
    expect_table('pairs', ...)
    local hidden = true_of[(...)]
    if not hidden then return lua_pairs(...) end
    return base.next, (...), nil
end
base.rawget = function(...)
    expect_table('rawget', ...)
    local hidden = true_of[(...)]
    if hidden then return lua_rawget(hidden, select(2, ...)) end
    return lua_rawget(...)
end
base.rawset = function(...)
    expect_table('rawset', ...)
    if true_of[(...)] then error(readonly, 0) end
    return lua_rawset(...)
end
base.setmetatable = function(...)
    expect_table('setmetatable', ...)
    local table, meta = ...
    if true_of[table] then error(readonly, 0) end
    if select('#', ...) < 2 or (meta ~= nil and type(meta) ~= 'table') then
        error("bad argument #2 to 'setmetatable' (nil or table expected)", 2)
    end
    local now = lua.getmetatable(table)
    if now ~= nil and (type(now) ~= 'table' or rawget(now, '__metatable') ~= nil) then error('cannot change a protected metatable', 2) end
    return lua_setmetatable(table, meta)
end

base.getmetatable = function(...)
    local value = ...
    if true_of[value] and value ~= base._G then return nil end
    return lua.getmetatable(...)
end

local tables = copy(lua.table, 'concat foreach foreachi getn insert maxn remove setn sort')
local lua_insert = lua.table.insert
tables.insert = function(...)
    expect_table('insert', ...)
    local count = select('#', ...)
    if count < 2 or count > 3 then error("wrong number of arguments to 'insert'", 2) end
    if count == 3 and not lua.tonumber((select(2, ...))) then
        error("bad argument #2 to 'insert' (number expected, got " .. type((select(2, ...))) .. ')', 2)
    end
    if true_of[(...)] then error(readonly, 0) end
    return lua_insert(...)
end
local lua_foreach = lua.table.foreach
tables.foreach = function(table, ...) return lua_foreach(true_of[table] or table, ...) end

-- Errors that are Redis's come out of pcall as their texts.
local function unpack_error(ok, problem, ...)
    if not ok and type(problem) == 'table' then
        local text = problem.err
        if text ~= nil then return ok, text end
    end
    return ok, problem, ...
end
base.pcall = function(...)
    if select('#', ...) == 0 then return false, 'attempt to call a boolean value' end
    return unpack_error(pcall(...))
end

-- The handler runs behind the error, not within it, where no script can be stopped.
local function handle(handler, ok, ...)
    if ok then return ok, ... end
    local done, result = pcall(handler, ...)
    if done then return false, result end
    return false, 'error in error handling'
end
base.xpcall = function(f, handler) return handle(handler, pcall(f)) end

-- Compiled code is not taken: it could do anything to the process.
local lua_loadstring = lua.loadstring
base.loadstring = function(text, name, ...)
    if type(text) == 'string' and string.byte(text) == 27 then
        name = type(name) == 'string' and name or text
        local shown = string.match(name, '^[=@]') and string.sub(name, 2) or '[string "' .. string.match(name, '^[^\r\n]*') .. '"]'
        return nil, shown .. ":1: unexpected symbol near 'char(27)'"
    end
    return lua_loadstring(text, name, ...)
end
base.load = function(f, name)
    if type(f) ~= 'function' then error("bad argument #1 to 'load' (function expected, got " .. type(f) .. ')', 2) end
    local pieces = {}
    while true do
        local piece = f()
        if piece == nil or piece == '' then break end
        if type(piece) ~= 'string' and type(piece) ~= 'number' then error('reader function must return a string', 2) end
        pieces[#pieces + 1] = piece
    end
    return base.loadstring(lua.table.concat(pieces), name or '=(load)')
end

-- The collector is the server's affair: what a script says of it is answered, and has no effect beyond a collection.
local settings = { setpause = 200, setstepmul = 200 }
local lua_collect = lua.collectgarbage
base.collectgarbage = function(what, number, ...)
    if what == 'stop' or what == 'restart' then return 0 end
    if settings[what] then
        local before = settings[what]
        settings[what] = lua.tonumber(number) or 0
        return before
    end
    if what ~= nil and what ~= 'collect' and what ~= 'count' and what ~= 'step' then
        error("bad argument #1 to 'collectgarbage' (invalid option '" .. tostring(what) .. "')", 2)
    end
    return lua_collect(what, number, ...)
end

local strings = copy(lua.string, 'byte char dump find format gfind gmatch gsub len lower match rep reverse sub upper')
local maths = copy(lua.math, [[abs acos asin atan2 atan ceil cos cosh deg exp floor fmod frexp huge ldexp log10 log max min mod modf pi
    pow rad sin sinh sqrt tan tanh]])
maths.random, maths.randomseed = raw.random, raw.randomseed

base.string = freeze(strings)
base.table = freeze(tables)
base.math = freeze(maths)
base.coroutine = freeze(copy(lua.coroutine, 'create resume running status wrap yield'))
base.bit = freeze(raw.bit)
base.struct = freeze(raw.struct)
raw.cjson._NAME, raw.cjson._VERSION, raw.cjson.null = 'cjson', '2.1.0', raw.null
raw.cjson.new = function() return copy(raw.cjson, [[_NAME _VERSION null new encode decode encode_sparse_array encode_max_depth decode_max_depth
    encode_number_precision encode_keep_buffer encode_invalid_numbers decode_invalid_numbers]]) end
raw.cmsgpack._NAME, raw.cmsgpack._VERSION = 'cmsgpack', 'lua-cmsgpack 0.4.0'
raw.cmsgpack._COPYRIGHT, raw.cmsgpack._DESCRIPTION = 'Copyright (C) 2012, Salvatore Sanfilippo', 'MessagePack C implementation for Lua'
base.cjson = freeze(raw.cjson)
base.cmsgpack = freeze(raw.cmsgpack)

local redis = raw.redis
local wrong = 'wrong number or type of arguments'
redis.status_reply = function(...)
    if select('#', ...) ~= 1 or type((...)) ~= 'string' then return { err = 'ERR ' .. wrong } end
    return { ok = (...) }
end
redis.error_reply = function(...)
    local text = ...
    if select('#', ...) ~= 1 or type(text) ~= 'string' then return { err = 'ERR ' .. wrong } end
    if string.sub(text, 1, 1) == '-' then text = string.sub(text, 2) end
    if not string.find(text, ' ', 1, true) then text = 'ERR ' .. text end
    return { err = text }
end
if forFunctions then
    redis.breakpoint, redis.debug = nil, nil
else
    redis.replicate_commands = function() return true end
end
redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING = 0, 1, 2, 3
redis.REPL_NONE, redis.REPL_AOF, redis.REPL_SLAVE, redis.REPL_REPLICA, redis.REPL_ALL = 0, 1, 2, 2, 3
redis.REDIS_VERSION, redis.REDIS_VERSION_NUM = version, versionNumber
base.redis = freeze(redis)
base.server = base.redis -- as Valkey calls it too

local function handler(problem)
    local at
    for level = 2, 6 do
        at = getinfo(level, 'Sl')
        if not at or at.source == chunk then break end
    end
    local reply = problem
    if type(problem) ~= 'table' then
        reply = { err = 'ERR ' .. tostring(problem) }
    elseif true_of[problem] then
        reply = {}
    end
    if at then
        lua_rawset(reply, 'source', at.source)
        lua_rawset(reply, 'line', at.currentline)
    end
    return reply
end
if not forFunctions then base.__redis__err__handler = handler end

-- The table that functions have as their environment is emptied, and what was in it is found through its metatable.
local globals = _G
for name in lua_pairs(lua) do globals[name] = nil end
local function nonexistent(_, name)
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end
setmetatable(base, { __index = nonexistent })
true_of[globals] = base
local globals_meta = { __index = base, __newindex = refuse, __metatable = nothing }
setmetatable(globals, globals_meta)
base._G = globals

-- While the code of a library runs it finds a table redis to register functions by, and nothing else.
local set_loading = false
if forFunctions then
    local names = 'log LOG_DEBUG LOG_VERBOSE LOG_NOTICE LOG_WARNING REDIS_VERSION REDIS_VERSION_NUM'
    local registering = copy(redis, names)
    registering.register_function = raw.register_function
    setmetatable(registering, { __index = nonexistent })
    local loading = setmetatable({ redis = freeze(registering) }, { __index = nonexistent })
    set_loading = function(is_loading)
        globals_meta.__index = is_loading and loading or base
        true_of[globals] = globals_meta.__index
    end
end

local text_meta = lua.getmetatable('')
text_meta.__index = strings
text_meta.__metatable = freeze({ __index = base.string })
return handler, base, set_loading
