-- Holds the slot of a live turn, which gets it again when it was lost. KEYS: turns of the user, of the store. ARGV:
-- turn, lease.
local till = now() + ARGV[2]
for at = 1, 2 do
  sound(KEYS[at], 'zset')
  redis.call('ZADD', KEYS[at], till, ARGV[1])
  outlive(KEYS[at], tonumber(ARGV[2]))
end
return 1
