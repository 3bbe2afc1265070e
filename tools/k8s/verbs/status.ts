// status: the stack as a tree, a line for each object and pod, and why what is not ready is not.
import { ageOf, alignRows } from '../deploy/table.ts';
import { type StatusNode, type StatusSet, isAllReady, readStatus } from '../deploy/status_tree.ts';
import { type Colors, colorsFor } from '../deploy/report.ts';
import { type Session, connect } from '../deploy/session.ts';
import { shortImage } from '../model/pod_spec.ts';

/** Prints the state of the stack. The exit code: 0 all is ready, 1 something is not. */
export async function statusVerb(
  session: Session,
  print: (text: string) => void = (text) => process.stdout.write(`${text}\n`),
): Promise<number> {
  const connected = await connect(session);
  try {
    const sets = await readStatus(session, connected);
    const isReady = isAllReady(sets);
    if (session.options.output === 'json') {
      print(JSON.stringify({ label: session.input.label, context: connected.client.access.context, isReady, sets }));
    } else {
      for (const line of statusLines(sets, { colors: colorsFor(process.stdout, session.env), nowMs: Date.now() })) {
        print(line);
      }
    }
    return isReady ? 0 : 1;
  } finally {
    connected.client.close();
  }
}

/** Options of {@link statusLines}. */
export interface StatusLineOptions {
  readonly colors: Colors;
  readonly nowMs: number;
}

const HEAD = ['state', 'kind', 'name', 'ready', 'age', 'image', 'cause'] as const;
const SHOWN_IMAGES = 2;

interface Line {
  readonly cells: readonly string[];
  readonly state: StatusNode['state'] | undefined;
}

/** The tree as lines in columns; a summary comes last. */
export function statusLines(sets: readonly StatusSet[], { colors, nowMs }: StatusLineOptions): string[] {
  const lines = sets.flatMap((set) => setLines(set, nowMs));
  const aligned = alignRows([HEAD, ...lines.map(({ cells }) => cells)]);
  const painted = aligned.slice(1).map((text, index) => paintOf(lines[index]?.state, colors)(text));
  const all = sets.flatMap(({ objects }) => objects);
  const unready = all.filter(({ state, isLeftOver }) => state !== 'ready' && !isLeftOver);
  const noun = all.length === 1 ? 'object' : 'objects';
  const summary = unready.length === 0 ? 'all ready' : `${unready.length} not ready`;
  return [colors.faint(aligned[0] ?? ''), ...painted, `${all.length} ${noun}: ${summary}`];
}

function paintOf(state: StatusNode['state'] | undefined, colors: Colors): (text: string) => string {
  if (state === undefined) return colors.faint;
  if (state === 'ready') return (text) => text;
  return state === 'failed' || state === 'missing' ? colors.removed : colors.changed;
}

function setLines({ stack, namespace, label, objects }: StatusSet, nowMs: number): Line[] {
  const states = objects.filter(({ isLeftOver }) => !isLeftOver);
  const ready = states.filter(({ state }) => state === 'ready').length;
  const head = [
    ready === states.length ? 'ready' : 'unready',
    stack === '' ? 'object' : 'stack',
    stack === '' ? label : `${namespace}/${stack}`,
    `${ready}/${states.length}`,
  ];
  return [{ cells: head, state: undefined }, ...objects.flatMap((object) => objectLines(object, nowMs))];
}

function objectLines(object: StatusNode, nowMs: number): Line[] {
  const then = object.keptFor === undefined ? 'the next apply prunes it' : `it is kept (${object.keptFor})`;
  const leftOver = object.isLeftOver ? `no longer in the manifests: ${then}` : '';
  return [
    nodeLine(object, '  ', [object.message, leftOver].filter((text) => text !== '').join('; '), nowMs),
    ...object.pods.map((pod) => nodeLine(pod, '    ', pod.message, nowMs)),
    ...object.causes.map((cause): Line => ({ cells: ['', '', '', '', '', '', cause], state: object.state })),
  ];
}

function nodeLine(node: StatusNode, indent: string, cause: string, nowMs: number): Line {
  const images = [...new Set(node.images.map(shortImage))];
  const more = images.length > SHOWN_IMAGES ? `,+${images.length - SHOWN_IMAGES}` : '';
  return {
    state: node.state,
    cells: [
      node.state,
      `${indent}${node.kind}`,
      node.namespace === undefined ? node.name : `${node.namespace}/${node.name}`,
      node.ready === undefined ? '-' : `${node.ready.ready}/${node.ready.wanted}`,
      ageOf(node.created, nowMs),
      images.length === 0 ? '-' : `${images.slice(0, SHOWN_IMAGES).join(',')}${more}`,
      cause,
    ],
  };
}
