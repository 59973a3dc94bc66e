-- GCRA (generic cell rate algorithm) over two keys in one call: the request counts against both or neither.
-- KEYS: theoretical arrival times, in microseconds. ARGV: per key the emission interval and the tolerance.
-- Answers -1 when allowed, else the microseconds to wait. Time is the server's, so all processes agree.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local arrivals = {}
for index, key in ipairs(KEYS) do
  local interval = tonumber(ARGV[index * 2 - 1])
  local tolerance = tonumber(ARGV[index * 2])
  local arrival = math.max(tonumber(redis.call('GET', key) or now), now)
  local wait = arrival - tolerance - now
  if wait > 0 then
    return wait
  end
  arrivals[index] = arrival + interval
end
for index, key in ipairs(KEYS) do
  local tolerance = tonumber(ARGV[index * 2])
  local seconds_kept = math.ceil((arrivals[index] - now + tolerance) / 1000000) + 1
  redis.call('SET', key, string.format('%.0f', arrivals[index]), 'EX', seconds_kept)
end
return -1
