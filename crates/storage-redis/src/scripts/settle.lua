-- Says what came of a write. KEYS: entry, epoch, list of messages, which may be missing with 'unchanged' and
-- 'doubtful'. ARGV: ticket or '', epoch or '', what ('unchanged', 'doubtful', 'new', 'changed'), revision, value, ttl,
-- abandoned, ttl of the messages, messages at most, message or '', and what it adds to the four figures.
local entry, chat = KEYS[1], KEYS[3]
sound(entry, 'hash')
if chat then sound(chat, 'list') end
local ticket, began, what, revision = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
-- While this was written another write ended of which it is not known what it left: it may be the later one.
if what ~= 'unchanged' and redis.call('HEXISTS', entry, 'd') == 1 then what = 'doubtful' end
if ticket ~= '' and redis.call('HDEL', entry, 'm:' .. ticket) == 1 then
  if redis.call('HINCRBY', entry, 'w', -1) < 1 then redis.call('HDEL', entry, 'w', 'd') end
end
local current = redis.call('GET', KEYS[2])
if what == 'unchanged' then
  show(entry, current)
  return 1
end
if what == 'doubtful' or not current or (began ~= '' and began ~= current) then
  forget(entry)
  if redis.call('HEXISTS', entry, 'w') == 1 then redis.call('HSET', entry, 'd', 1) end
  if chat then redis.call('DEL', chat) end
  return 0
end
local known = redis.call('HMGET', entry, 'e', 'r', 'hr', 'sr', 'w')
local before = known[1] == current and tonumber(known[2])
if before and before >= revision then
  show(entry, current)
  return 1
end
if not before then forget(entry) end
redis.call('HDEL', entry, 'n', 'f', 'fd')
redis.call('HSET', entry, 'e', current, 's', ARGV[5], 'r', revision)
local message = ARGV[10]
if what == 'new' then
  redis.call('DEL', chat)
  redis.call('HSET', entry, 'hr', revision, 'sr', revision, 'c0', 0, 'c1', 0, 'c2', 0, 'c3', 0)
else
  if before and tonumber(known[3]) == revision - 1 then
    if message ~= '' then
      redis.call('RPUSH', chat, message)
      redis.call('LTRIM', chat, -ARGV[9], -1)
    end
    redis.call('HSET', entry, 'hr', revision)
    redis.call('PEXPIRE', chat, ARGV[8])
  else
    redis.call('HDEL', entry, 'hr')
    redis.call('DEL', chat)
  end
  if before and tonumber(known[4]) == revision - 1 then
    if message ~= '' then
      for figure = 0, 3 do redis.call('HINCRBY', entry, 'c' .. figure, ARGV[11 + figure]) end
    end
    redis.call('HSET', entry, 'sr', revision)
  else
    redis.call('HDEL', entry, 'sr', 'c0', 'c1', 'c2', 'c3')
  end
end
show(entry, current)
redis.call('PEXPIRE', entry, ARGV[6])
if known[5] then outlive(entry, tonumber(ARGV[7])) end
return 1
