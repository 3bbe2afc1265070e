// Which keys a server has in which slot, be it its own or not.
import type { Link } from './link.ts';

/** By slot, for each slot that has some. */
export type KeyCounts = ReadonlyMap<number, number>;

const COUNT = `
local found = {}
for slot = 0, 16383 do
  local count = redis.call('CLUSTER', 'COUNTKEYSINSLOT', slot)
  if count > 0 then
    found[#found + 1] = slot
    found[#found + 1] = count
  end
end
return found`;

/** Takes a server some milliseconds, whatever it has. */
export async function keyCountsOf(link: Link): Promise<KeyCounts> {
  const flat = (await link.call(['EVAL', COUNT, 0])) as readonly number[];
  return new Map(flat.flatMap((slot, index) => (index % 2 === 0 ? [[slot, flat[index + 1] ?? 0] as const] : [])));
}

// A replica has the keys of a moment ago: that it has none says nothing of its master.
const KEYS = `
if not string.find(redis.call('INFO', 'replication'), 'role:master', 1, true) then
  return redis.error_reply('NOMASTER it has become a replica')
end
return redis.call('CLUSTER', 'GETKEYSINSLOT', ARGV[1], ARGV[2])`;

/** Some keys of a slot of a master; rejects when it is none any more. */
export async function keysOf(link: Link, slot: number, count: number): Promise<readonly string[]> {
  return (await link.call(['EVAL', KEYS, 0, slot, count])) as readonly string[];
}
