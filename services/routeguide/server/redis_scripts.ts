// What Redis does in one step. All keys of a script are in one part.

/**
 * Fills a part, unless it holds this data set already: several servers may start at the same time, and a feature that
 * was deleted since stays deleted. KEYS: data set, index. ARGV: digest, prefix of features, then (point, latitude, JSON)
 * of each feature.
 */
export const FILL = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return 0 end
for _, point in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do redis.call('DEL', ARGV[2] .. point) end
redis.call('DEL', KEYS[2])
for i = 3, #ARGV, 3 do
  redis.call('SET', ARGV[2] .. ARGV[i], ARGV[i + 2])
  redis.call('ZADD', KEYS[2], ARGV[i + 1], ARGV[i])
end
redis.call('SET', KEYS[1], ARGV[1])
return 1`;

/**
 * Keeps a note and returns those before it. A note whose id is there is not kept again: whoever doesn't know whether it
 * was kept may ask again. KEYS: notes. ARGV: id with a colon, message, how many are kept, for how many seconds.
 * It always writes, so that a WAIT after it waits for what an earlier try has written as well.
 */
export const ADD_NOTE = `
local earlier = {}
local known = false
for _, note in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  if string.sub(note, 1, #ARGV[1]) == ARGV[1] then known = true break end
  earlier[#earlier + 1] = note
end
if not known then
  redis.call('RPUSH', KEYS[1], ARGV[1] .. ARGV[2])
  redis.call('LTRIM', KEYS[1], -tonumber(ARGV[3]), -1)
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return earlier`;
