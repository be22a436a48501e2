-- What the scripts share. Times are milliseconds by the clock of Redis.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function forget(key)
  redis.call('HDEL', key, 'e', 's', 'n', 'r', 'v', 'hr', 'sr', 'c0', 'c1', 'c2', 'c3')
end
-- Says the revision to those who ask for nothing else, if it can be trusted.
local function show(key, epoch)
  local known = redis.call('HMGET', key, 'e', 'r', 'w')
  if epoch and known[1] == epoch and known[2] and not known[3] then
    redis.call('HSET', key, 'v', epoch .. ' ' .. known[2])
  end
end
-- How many write. One that was never over may have been made: what is known from before it is known no more.
local function writers(key, abandoned)
  local count = tonumber(redis.call('HGET', key, 'w') or '0')
  if count == 0 then return 0 end
  local fields, oldest, gone = redis.call('HGETALL', key), now() - abandoned, 0
  for at = 1, #fields, 2 do
    if string.sub(fields[at], 1, 2) == 'm:' and tonumber(fields[at + 1]) < oldest then
      gone = gone + redis.call('HDEL', key, fields[at])
    end
  end
  if gone > 0 then
    forget(key)
    count = redis.call('HINCRBY', key, 'w', -gone)
    if count < 1 then redis.call('HDEL', key, 'w', 'd') end
  end
  return count
end
local function epoch(key, fresh)
  local known = redis.call('GET', key)
  if not known then
    known = fresh
    redis.call('SET', key, known)
  end
  return known
end
local function outlive(key, ttl)
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, ttl) end
end
local function sound(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then redis.call('DEL', key) end
end
