-- Keeps messages or figures that were read while the session was known. KEYS: entry, epoch, list of messages. ARGV:
-- revision, ttl of the messages, '1' with messages, '1' with figures, four figures, messages.
sound(KEYS[1], 'hash')
local known = redis.call('HMGET', KEYS[1], 'e', 'r', 'w')
if known[3] or known[1] ~= redis.call('GET', KEYS[2]) or known[2] ~= ARGV[1] then return 0 end
if ARGV[3] == '1' then
  redis.call('DEL', KEYS[3])
  for at = 9, #ARGV do redis.call('RPUSH', KEYS[3], ARGV[at]) end
  redis.call('PEXPIRE', KEYS[3], ARGV[2])
  redis.call('HSET', KEYS[1], 'hr', ARGV[1])
end
if ARGV[4] == '1' then
  redis.call('HSET', KEYS[1], 'sr', ARGV[1], 'c0', ARGV[5], 'c1', ARGV[6], 'c2', ARGV[7], 'c3', ARGV[8])
end
return 1
