package redis

// The keys of a space are its head, a hash, and one sorted set for each set,
// all scores 0, so that members are in byte order.
//
//	epoch     of the regime
//	identity  of the regime, as Install was given it
//	home      the node that Install ran on: run id and replication id
//	begins    how many Begins there were
//	set:<…>   how many members that set holds
//
// Every script looks at the head and at the size of each set it is about
// before it writes anything. What a server does to whole keys (eviction,
// deletion by hand, a flush) can't go unnoticed that way; what happens to the
// server as a whole changes the node that the script runs on. Home is kept
// besides identity because an index on a Cluster has many nodes: a space whose
// slot moved is on another one, which others know as well.
//
// A script that finds a set lost takes the epoch away: then every call on the
// space is stale, whatever set it is about, until a new epoch is installed.
//
// A sorted set that the head does not name is what an interrupted Drop left,
// and counts as empty.
//
// Scripts answer strings, of which the last is "ok" or why the regime does
// not hold. KEYS[1] is the head, the others are sets; the name of a set's field
// is the end of its key.
const (
	// luaSpace has what all scripts of a space need. try answers nothing where
	// the key is of another kind; any other error, such as a missing right, comes
	// again and ends the script.
	luaSpace = identityLua + `
local function try(...)
  local r = redis.pcall(...)
  if type(r) ~= 'table' or not r.err then return r end
  if string.find(r.err, 'WRONGTYPE', 1, true) then return nil end
  return redis.call(...)
end
local function field(key) return string.sub(key, #KEYS[1] - 3) end
local function size(key) return try('ZCARD', key) or -1 end
`

	// identityLua names the process that runs the script and the history of its
	// data: the first changes when the server starts, the second when it becomes
	// a replica of another or stops being one.
	identityLua = `
local function identity()
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  return run and history and run .. '.' .. history or ''
end
`

	luaCheck = luaSpace + `
local head = try('HMGET', KEYS[1], 'epoch', 'identity', 'home', 'begins')
if not head or head[1] ~= ARGV[1] then return {'epoch'} end
if head[2] ~= ARGV[2] or head[3] ~= identity() then return {'identity'} end
local function lost()
  redis.call('HDEL', KEYS[1], 'epoch')
  return {'lost'}
end
`

	// luaSets walks over ARGV from the third: for each set how many members, and
	// these. A call takes at most some thousand arguments.
	luaSets = luaCheck + `
local sizes = {}
for i = 2, #KEYS do
  local known = redis.call('HGET', KEYS[1], field(KEYS[i]))
  sizes[i] = known and tonumber(known) or -2
  if known and sizes[i] ~= size(KEYS[i]) then return lost() end
end
local function each(change)
  local at = 3
  for i = 2, #KEYS do
    local last = at + ARGV[at]
    at = at + 1
    while at <= last do
      local upto = math.min(at + 999, last)
      change(i, at, upto)
      at = upto + 1
    end
  end
end
`
)

var identityScript = newScript(false, identityLua+`
local memory = redis.call('INFO', 'memory')
return {
  identity(),
  string.match(redis.call('INFO', 'replication'), 'role:(%a+)') or '',
  string.match(memory, 'maxmemory_policy:([%w-]+)') or '',
  string.match(memory, 'maxmemory:(%d+)') or '',
}
`)

// Install counts what is there: under a new epoch everything is built anew.
var installScript = newScript(true, luaSpace+`
local me = identity()
if me == '' or (#ARGV[2] + 1) % 82 ~= 0 or not string.find(',' .. ARGV[2] .. ',', ',' .. me .. ',', 1, true) then
  return {'identity'}
end
local fields = try('HKEYS', KEYS[1])
if not fields then
  redis.call('UNLINK', KEYS[1])
  fields = {}
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'identity', ARGV[2], 'home', me)
local base = string.sub(KEYS[1], 1, -5)
for _, name in ipairs(fields) do
  if string.sub(name, 1, 4) == 'set:' then
    local n = size(base .. name)
    if n < 0 then redis.call('UNLINK', base .. name) end
    if n > 0 then redis.call('HSET', KEYS[1], name, n) else redis.call('HDEL', KEYS[1], name) end
  end
end
return {'ok'}
`)

var beginScript = newScript(true, luaSets+`
for i = 2, #KEYS do
  if sizes[i] == -2 then
    redis.call('UNLINK', KEYS[i])
    sizes[i] = 0
  end
end
each(function(i, from, upto)
  local args = {}
  for at = from, upto do
    args[#args + 1] = 0
    args[#args + 1] = ARGV[at]
  end
  sizes[i] = sizes[i] + redis.call('ZADD', KEYS[i], unpack(args))
end)
for i = 2, #KEYS do redis.call('HSET', KEYS[1], field(KEYS[i]), sizes[i]) end
redis.call('HINCRBY', KEYS[1], 'begins', 1)
return {'ok'}
`)

var endScript = newScript(true, luaSets+`
each(function(i, from, upto)
  if sizes[i] > 0 then
    local n = redis.call('ZREM', KEYS[i], unpack(ARGV, from, upto))
    if n > 0 then
      sizes[i] = sizes[i] - n
      redis.call('HSET', KEYS[1], field(KEYS[i]), sizes[i])
    end
  end
end)
return {'ok'}
`)

const luaSet = luaCheck + `
local known = redis.call('HGET', KEYS[1], field(KEYS[2]))
if known and tonumber(known) ~= size(KEYS[2]) then return lost() end
`

var queryScript = newScript(false, luaSet+`
local found, limit, more = {}, tonumber(ARGV[5]), ''
if known and limit > 0 then
  found = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[3], ARGV[4], 'LIMIT', 0, limit + 1)
  if #found > limit then
    found[#found] = nil
    more = 'more'
  end
elseif known then
  found = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[3], ARGV[4])
end
local n = #found
found[n + 1] = head[4] or '0'
found[n + 2] = more
found[n + 3] = 'ok'
return found
`)

var countScript = newScript(false, luaSet+`
local n = 0
if known then n = redis.call('ZLEXCOUNT', KEYS[2], ARGV[3], ARGV[4]) end
return {tostring(n), 'ok'}
`)

var dropSetScript = newScript(true, luaSpace+`
redis.call('UNLINK', KEYS[2])
try('HDEL', KEYS[1], field(KEYS[2]))
return {'ok'}
`)

var dropSpaceScript = newScript(true, luaSpace+`
local fields = try('HKEYS', KEYS[1]) or {}
local base = string.sub(KEYS[1], 1, -5)
for _, name in ipairs(fields) do
  if string.sub(name, 1, 4) == 'set:' then redis.call('UNLINK', base .. name) end
end
redis.call('UNLINK', KEYS[1])
return {'ok'}
`)
