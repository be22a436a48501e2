-- Says that an entry is going to be written. KEYS: entry, epoch. ARGV: ticket, abandoned. Answers the epoch.
sound(KEYS[1], 'hash')
local epoch = epoch(KEYS[2], ARGV[1])
-- First what a full server refuses: a script that has written anything is let through.
local fresh = redis.call('HSETNX', KEYS[1], 'm:' .. ARGV[1], now()) == 1
redis.call('HDEL', KEYS[1], 'f', 'fd', 'n', 'v')
if fresh then
  if redis.call('HINCRBY', KEYS[1], 'w', 1) > 1 then writers(KEYS[1], tonumber(ARGV[2])) end
end
outlive(KEYS[1], tonumber(ARGV[2]))
return epoch
