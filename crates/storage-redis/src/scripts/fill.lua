-- Keeps what was read. KEYS: entry, epoch. ARGV: ticket, epoch, field, value, revision, ttl. Answers whether it did.
if redis.call('GET', KEYS[2]) ~= ARGV[2] or redis.call('HGET', KEYS[1], 'f') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'e', ARGV[2], ARGV[3], ARGV[4])
redis.call('HDEL', KEYS[1], 'f', 'fd')
if ARGV[3] == 's' then
  redis.call('HSET', KEYS[1], 'r', ARGV[5])
  show(KEYS[1], ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1
