// A live picture for terminals: a line for each object that is not done yet, with its time, below what is printed.
import { type Log, formatDuration } from '../../lib/log.ts';
import { redact } from '../../lib/redact.ts';
import { keyOf, nameOf } from '../model/object.ts';
import { isChange } from './plan.ts';
import type { DeployEvent, Listener } from './progress.ts';
import { type Colors, objectLine } from './report.ts';

/** The part of a terminal that is drawn on. */
export interface Screen {
  write(text: string): void;
  readonly columns: number;
  readonly rows: number;
}

interface Row {
  readonly name: string;
  /** By which stack it is listed. */
  readonly set: string;
  readonly sinceMs: number;
  /** Whether it is done once the object is gone. */
  readonly isLeaving: boolean;
  message: string;
  state: 'pending' | 'applied' | 'waiting' | 'failed';
}

const FRAME_EVERY_MS = 100;
const MARKS = { pending: '·', applied: '›', waiting: '…', failed: '✗' } as const;

/** The picture, and a log whose lines go above it. */
export interface TreeListener extends Listener {
  readonly log: Log;
}

/** Draws on `screen` until it is closed; what has changed is printed as plain lines, which stay. */
export function createTreeListener(log: Log, colors: Colors, screen: Screen): TreeListener {
  const rows = new Map<string, Row>();
  let drawn = 0;
  let elapsedMs = 0;
  const startMs = performance.now();

  const erase = () => {
    if (drawn > 0) screen.write(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  const draw = () => {
    erase();
    const lines = treeLines(rows, performance.now() - startMs, screen, colors);
    if (lines.length > 0) screen.write(`${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const above = (say: (line: string) => void) => (line: string) => {
    erase();
    say(line);
    draw();
  };
  const shown: Log = { info: above(log.info), warn: above(log.warn), error: above(log.error) };
  const timer = setInterval(draw, FRAME_EVERY_MS);
  timer.unref();

  return {
    log: shown,
    on(event: DeployEvent, atMs: number) {
      elapsedMs = atMs;
      update(rows, event, elapsedMs);
      if (event.kind !== 'object') return;
      const { action, reason } = event.planned;
      // What is unchanged is counted in the summary; what is pruned was said by nobody else.
      if (isChange(action) || reason !== undefined) shown.info(objectLine(event.planned, colors));
    },
    close() {
      clearInterval(timer);
      erase();
    },
  };
}

function update(rows: Map<string, Row>, event: DeployEvent, elapsedMs: number): void {
  if (event.kind === 'planned') {
    rows.clear();
    for (const { object, set, action } of event.objects) {
      if (!isChange(action)) continue;
      const isLeaving = action === 'prune' || action === 'delete';
      const row = { name: nameOf(object), set, sinceMs: elapsedMs, isLeaving, message: action };
      rows.set(keyOf(object), { ...row, state: 'pending' });
    }
  } else if (event.kind === 'object') {
    const row = rows.get(keyOf(event.planned.object));
    const message = event.planned.action === 'delete' ? 'deleted' : 'applied';
    if (row !== undefined) Object.assign(row, { state: 'applied', message });
    if (event.planned.action === 'prune') rows.delete(keyOf(event.planned.object));
  } else if (event.kind === 'waiting' || event.kind === 'failed') {
    const key = keyOf(event.object);
    const row = rows.get(key) ?? {
      ...{ name: nameOf(event.object), set: '', sinceMs: elapsedMs, isLeaving: true, message: '', state: 'waiting' },
    };
    rows.set(key, { ...row, message: event.message, state: event.kind });
  } else if (event.kind === 'ready') {
    rows.delete(keyOf(event.object));
  } else if (event.kind === 'gone' && rows.get(keyOf(event.object))?.isLeaving === true) {
    rows.delete(keyOf(event.object));
  }
}

/** The picture, not higher and not wider than the screen: stacks, and below each its objects that are not done. */
function treeLines(rows: ReadonlyMap<string, Row>, nowMs: number, screen: Screen, colors: Colors): string[] {
  const room = Math.max(3, screen.rows - 2);
  const sets = [...new Set([...rows.values()].map(({ set }) => set))];
  const lines = sets.flatMap((set) => [
    ...(set === '' ? [] : [colors.faint(cut(set, screen.columns))]),
    ...[...rows.values()].filter((row) => row.set === set).map((row) => rowLine(row, nowMs, screen, colors)),
  ]);
  return lines.length <= room
    ? lines
    : [...lines.slice(0, room - 1), colors.faint(`and ${lines.length - room + 1} more`)];
}

function rowLine({ name, sinceMs, message, state }: Row, nowMs: number, screen: Screen, colors: Colors): string {
  const time = formatDuration(Math.max(0, nowMs - sinceMs));
  const text = cut(redact(`  ${MARKS[state]} ${name}  ${message.split('\n')[0]}  ${time}`), screen.columns);
  return state === 'failed' ? colors.removed(text) : state === 'waiting' ? colors.changed(text) : colors.faint(text);
}

function cut(text: string, columns: number): string {
  const characters = [...text];
  return characters.length < columns ? text : `${characters.slice(0, Math.max(1, columns - 2)).join('')}…`;
}
