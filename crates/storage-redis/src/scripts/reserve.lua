-- Gives the right to keep what is read from now on. KEYS: entry, epoch. ARGV: ticket, filling, abandoned. Answers the
-- epoch, or nothing when somebody writes or reads the entry, or it is there.
sound(KEYS[1], 'hash')
local epoch = epoch(KEYS[2], ARGV[1])
if writers(KEYS[1], tonumber(ARGV[3])) > 0 then return false end
local known = redis.call('HMGET', KEYS[1], 'e', 's', 'n', 'f', 'fd')
if known[1] == epoch and (known[2] or known[3]) then return false end
local now = now()
if known[4] and tonumber(known[5]) > now then return false end
redis.call('HSET', KEYS[1], 'f', ARGV[1], 'fd', now + ARGV[2])
forget(KEYS[1])
redis.call('PEXPIRE', KEYS[1], 2 * ARGV[2])
return epoch
