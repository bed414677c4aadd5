package redis

// All leases of a namespace are in three keys of one slot, so that a script
// declares every key it touches and a list needs no scan of the server:
//
//	leases  a hash: name → token (16 hex digits), space, owner, space, holder
//	ends    a sorted set: name by the time of its end, in µs of Redis's clock
//	fence   a hash: the last token and, with epochs, the node that gave it
//
// None of them expires as a key, so that a policy of volatile-* evicts caches
// and leaves leases alone. A name in ends whose time is over is free, whatever
// leases says; Acquire sweeps a few of those away each time.

// luaNow sets now to Redis's clock in µs, which a Lua number holds exactly.
const luaNow = `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
`

// acquireScript grants a lease. KEYS: leases, ends, fence. ARGV: name, ttl in
// µs, owner and holder, and '1' where tokens come from epochs.
//
// A token by epoch is bit 62, then 22 bits of epoch, then 40 bits that count;
// any other token is the time in µs, which is smaller, or one more than the last.
var acquireScript = newScript(true, luaNow+identityLua+`
local ends = redis.call('ZSCORE', KEYS[2], ARGV[1])
if ends and tonumber(ends) > now then
  return {'held', string.format('%.0f', ends - now)}
end
local token
local last = redis.call('HGET', KEYS[3], 'last')
if ARGV[4] == '1' then
  if not last or redis.call('HGET', KEYS[3], 'home') ~= identity() then return {'lost'} end
  local count = tonumber(string.sub(last, 7), 16) + 1
  if count >= 2^40 then return {'lost'} end
  token = string.sub(last, 1, 6) .. string.format('%010x', count)
else
  if last and last >= '4' then return {'epochs'} end
  token = string.format('%016x', math.max(now, last and tonumber(last, 16) + 1 or 0))
end
redis.call('HSET', KEYS[3], 'last', token)
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 16)
if #over > 0 then
  redis.call('ZREM', KEYS[2], unpack(over))
  redis.call('HDEL', KEYS[1], unpack(over))
end
redis.call('HSET', KEYS[1], ARGV[1], token .. ' ' .. ARGV[3])
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
return {'granted', token}
`)

// fenceScript begins a new epoch after Redis lost its memory. KEYS: fence.
// ARGV: nonce, and the epoch as 6 hex digits with bit 62, or ”.
//
// An epoch counts only if the nonce was written here before the epoch was
// asked for: then every token of a former memory is older than the epoch. Else
// an epoch that was asked for after a former loss could come late.
var fenceScript = newScript(true, identityLua+`
local home = identity()
if home == '' then return {'unnamed'} end
local f = redis.call('HMGET', KEYS[1], 'last', 'home', 'floor')
local last, floor = f[1], f[3]
if f[2] == home and last and tonumber(string.sub(last, 7), 16) < 2^40 - 1 then return {'ready'} end
if last and (not floor or last > floor) then floor = last end
if f[2] ~= home then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'home', home, 'floor', floor or '')
redis.call('HDEL', KEYS[1], 'last')
if ARGV[2] == '' or redis.call('HEXISTS', KEYS[1], 'nonce ' .. ARGV[1]) == 0 then
  redis.call('HSET', KEYS[1], 'nonce ' .. ARGV[1], '1')
  return {'claimed'}
end
local token = ARGV[2] .. '0000000000'
if floor and token <= floor then return {'old'} end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'home', home, 'last', token)
return {'ready'}
`)

// renewScript extends a lease. KEYS: leases, ends. ARGV: name, token with
// owner and holder, ttl in µs. It answers '1', or '0' if that lease is not held.
var renewScript = newScript(true, luaNow+`
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return {'0'} end
if now >= tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or 0) then return {'0'} end
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
return {'1'}
`)

// releaseScript ends a lease if its text has ARGV[3] from the position
// ARGV[2] on. KEYS: leases, ends. ARGV: name, position, text. It answers '1'
// if the lease was held, else '0'.
var releaseScript = newScript(true, luaNow+`
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease or string.sub(lease, ARGV[2], ARGV[2] + #ARGV[3] - 1) ~= ARGV[3] then return {'0'} end
local ends = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or 0)
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return {now < ends and '1' or '0'}
`)

// infoScript answers name, text, µs left and end of the lease on ARGV[1], or
// nothing. KEYS: leases, ends.
var infoScript = newScript(false, luaNow+`
local ends = redis.call('ZSCORE', KEYS[2], ARGV[1])
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not ends or not lease or tonumber(ends) <= now then return {} end
return {ARGV[1], lease, string.format('%.0f', ends - now), ends}
`)

// listScript answers the same of up to ARGV[2] leases that are held and end at
// ARGV[1] or later, those that end first in front.
var listScript = newScript(false, luaNow+`
local first = math.max(tonumber(ARGV[1]), now + 1)
local names, ends, found = {}, {}, redis.call('ZRANGEBYSCORE', KEYS[2], first, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #found, 2 do
  names[(i + 1) / 2], ends[(i + 1) / 2] = found[i], found[i + 1]
end
if #names == 0 then return {} end
local leases, answer = redis.call('HMGET', KEYS[1], unpack(names)), {}
for i = 1, #names do
  answer[4 * i - 3] = names[i]
  answer[4 * i - 2] = leases[i] or ''
  answer[4 * i - 1] = string.format('%.0f', ends[i] - now)
  answer[4 * i] = ends[i]
end
return answer
`)

// sweepScript forgets up to ARGV[1] leases whose time is over, and answers how
// many. KEYS: leases, ends.
var sweepScript = newScript(true, luaNow+`
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[1])
if #over > 0 then
  redis.call('ZREM', KEYS[2], unpack(over))
  redis.call('HDEL', KEYS[1], unpack(over))
end
return {tostring(#over)}
`)
