-- Takes a slot for a live turn, unless a limit leaves no room beside the slots of others. KEYS: turns of the user, of
-- the store. ARGV: turn, lease, most of the user, most of the store (0: any number). Answers 0 when it did, 1 when the
-- user has as many as allowed, 2 when the store has.
local now = now()
local function is_full(key, most)
  sound(key, 'zset')
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  if most == 0 then return false end
  local others = redis.call('ZCARD', key)
  if redis.call('ZSCORE', key, ARGV[1]) then others = others - 1 end
  return others >= most
end
local user_is_full, store_is_full = is_full(KEYS[1], tonumber(ARGV[3])), is_full(KEYS[2], tonumber(ARGV[4]))
if user_is_full then return 1 end
if store_is_full then return 2 end
for at = 1, 2 do
  redis.call('ZADD', KEYS[at], now + ARGV[2], ARGV[1])
  outlive(KEYS[at], tonumber(ARGV[2]))
end
return 0
