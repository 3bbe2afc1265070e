// What a Redis says of its cluster: CLUSTER NODES and INFO, parsed. Pure.

export const SLOT_COUNT = 16_384;

/** Slots from the first to the second, both included. */
export type SlotRange = readonly [number, number];

/** A slot that is on its way from one node to another. */
export interface OpenSlot {
  readonly slot: number;
  readonly kind: 'migrating' | 'importing';
  /** The id of the node at the other end. */
  readonly peer: string;
}

/** A line of CLUSTER NODES. */
export interface ClusterNode {
  readonly id: string;
  /** The announced host name, or the address of a node that announces none. */
  readonly host: string;
  /** Empty: none is known. */
  readonly address: string;
  readonly port: number;
  readonly flags: ReadonlySet<string>;
  readonly role: 'master' | 'replica';
  /** Of a replica: the id of its master. */
  readonly masterId: string | undefined;
  readonly isMyself: boolean;
  readonly isConnected: boolean;
  /** Of two that claim a slot, the one with the greater number has it. Of a replica: its master's. */
  readonly epoch: number;
  readonly slots: readonly SlotRange[];
  /** Only of the node that answers. */
  readonly openSlots: readonly OpenSlot[];
}

/** The nodes that the answer of CLUSTER NODES names, those of an unfinished handshake left out. */
export function parseNodes(text: string): ClusterNode[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseNode)
    .filter(({ flags }) => !flags.has('handshake'));
}

function parseNode(line: string): ClusterNode {
  const [id = '', address = '', flagText = '', master = '-', , , epoch = '', link = '', ...slotTexts] = line
    .trim()
    .split(' ');
  const [place = '', hostname = ''] = address.split(',');
  const match = /^(.*):(\d+)(?:@\d+)?$/.exec(place);
  if (match === null || flagText === '') throw new Error(`Reading CLUSTER NODES: no node in ${JSON.stringify(line)}`);
  const flags = new Set(flagText.split(','));
  return {
    id,
    host: hostname === '' ? (match[1] ?? '') : hostname,
    address: match[1] ?? '',
    port: Number(match[2]),
    flags,
    role: flags.has('slave') ? 'replica' : 'master',
    masterId: master === '-' ? undefined : master,
    isMyself: flags.has('myself'),
    isConnected: link === 'connected',
    epoch: Number(epoch),
    slots: slotTexts.filter((one) => !one.startsWith('[')).map(parseRange),
    openSlots: slotTexts.flatMap(parseOpenSlot),
  };
}

function parseRange(text: string): SlotRange {
  const [from = '', to = from] = text.split('-');
  return [Number(from), Number(to)];
}

function parseOpenSlot(text: string): OpenSlot[] {
  const match = /^\[(\d+)-([<>])-(\w+)\]$/.exec(text);
  if (match === null) return [];
  return [{ slot: Number(match[1]), kind: match[2] === '>' ? 'migrating' : 'importing', peer: match[3] ?? '' }];
}

/** The fields of INFO or CLUSTER INFO. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const fields = text
    .split(/\r?\n/)
    .map((line) => /^([^#:][^:]*):(.*)$/.exec(line))
    .filter((match) => match !== null);
  return new Map(fields.map(([, name = '', value = '']) => [name, value]));
}

/** How many slots there are in `ranges`. */
export function countSlots(ranges: readonly SlotRange[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

/** Every slot of `ranges`. */
export function slotsOf(ranges: readonly SlotRange[]): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
}

/** Slots, in ascending order, as ranges. */
export function rangesOf(slots: readonly number[]): SlotRange[] {
  const ranges: [number, number][] = [];
  for (const slot of slots) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === slot - 1) last[1] = slot;
    else ranges.push([slot, slot]);
  }
  return ranges;
}

/** Which of `masters` masters a slot belongs to at first, counted from 0. */
export function firstOwner(slot: number, masters: number): number {
  return Math.floor((slot * masters) / SLOT_COUNT);
}
