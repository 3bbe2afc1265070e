// What programs read of a run: JSON events, JUnit XML, and GitHub's annotations.
// JUnit: the form that Jenkins, GitLab and GitHub's reporters read (https://github.com/testmoapp/junitxml).
// Annotations: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
import { redact } from '../../lib/redact.ts';
import { type KubeObject, keyOf, nameOf } from '../model/object.ts';
import type { DeployEvent, Listener } from './progress.ts';

/** Writes each event as a line of JSON. Values of fields are not in it. */
export function createJsonListener(write: (line: string) => void): Listener {
  return {
    on(event, elapsedMs) {
      write(redact(JSON.stringify({ ...eventData(event), elapsedMs: Math.round(elapsedMs) })));
    },
  };
}

function eventData(event: DeployEvent): Readonly<Record<string, unknown>> {
  switch (event.kind) {
    case 'planned':
      return {
        kind: event.kind,
        objects: event.objects.map(({ object, action }) => ({ action, ...identity(object) })),
      };
    case 'object': {
      const { action, object, label, changes } = event.planned;
      return { kind: event.kind, action, ...identity(object), label, changes: changes.map(({ path }) => path) };
    }
    case 'waiting':
    case 'ready':
    case 'gone':
    case 'failed': {
      const { object, ...rest } = event;
      return { ...rest, ...identity(object) };
    }
    case 'done':
      return { kind: event.kind, counts: countsOf(event.actions), phases: Object.fromEntries(roundAll(event.phases)) };
    case 'phase':
      return { ...event, phaseMs: Math.round(event.phaseMs) };
    case 'error':
      return event;
  }
}

function identity({ apiVersion, kind, metadata }: KubeObject) {
  return { object: { apiVersion, kind, namespace: metadata.namespace, name: metadata.name } };
}

function countsOf(actions: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const action of actions) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}

function roundAll<K>(times: ReadonlyMap<K, number>): [K, number][] {
  return [...times].map(([key, ms]) => [key, Math.round(ms)]);
}

/** One annotation for each object that failed, else one for the run. */
export function createAnnotationListener(write: (line: string) => void): Listener {
  let hasFailed = false;
  const annotate = (title: string, message: string) => {
    // Properties may hold neither of the characters that end them.
    const escape = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
    const property = escape(title).replaceAll(':', '%3A').replaceAll(',', '%2C');
    write(`::error title=${property}::${escape(redact(message))}`);
  };
  return {
    on(event) {
      if (event.kind === 'failed') {
        hasFailed = true;
        annotate(`${event.code} ${nameOf(event.object)}`, [event.message, ...event.causes].join('\n'));
      }
      if (event.kind === 'error' && !hasFailed) {
        annotate(event.code, event.hint === undefined ? event.message : `${event.message}\n${event.hint}`);
      }
    },
  };
}

interface Case {
  readonly name: string;
  readonly suite: string;
  seconds: number;
  failure: { readonly type: string; readonly message: string; readonly text: string } | undefined;
  isReached: boolean;
}

/** Collects a test case for each object; `write` gets the XML in the end. */
export function createJunitListener(label: string, write: (xml: string) => Promise<void>): Listener {
  const cases = new Map<string, Case>();
  let totalMs = 0;
  const caseOf = (object: KubeObject) => cases.get(keyOf(object));
  return {
    on(event, elapsedMs) {
      totalMs = elapsedMs;
      const seconds = elapsedMs / 1000;
      if (event.kind === 'planned') {
        cases.clear();
        for (const { object, set, label: target } of event.objects) {
          const suite = set === '' ? target : set;
          cases.set(keyOf(object), { name: nameOf(object), suite, seconds: 0, failure: undefined, isReached: false });
        }
      }
      if (event.kind === 'object') Object.assign(caseOf(event.planned.object) ?? {}, { isReached: true, seconds });
      if (event.kind === 'ready' || event.kind === 'gone') {
        Object.assign(caseOf(event.object) ?? {}, { seconds, isReached: true });
      }
      // What was ready from the start was told of by no event of its own.
      if (event.kind === 'done') for (const one of cases.values()) one.isReached = true;
      if (event.kind === 'failed') {
        const { code, message, causes } = event;
        const failure = { type: code, message, text: causes.join('\n') };
        Object.assign(caseOf(event.object) ?? {}, { failure, seconds, isReached: true });
      }
      if (event.kind === 'error' && ![...cases.values()].some(({ failure }) => failure !== undefined)) {
        const { code, message, hint = '' } = event;
        const failure = { type: code, message, text: hint };
        cases.set('', { name: 'the run', suite: label, seconds, failure, isReached: true });
      }
    },
    close: () => write(junitXml(label, [...cases.values()], totalMs)),
  };
}

function junitXml(label: string, cases: readonly Case[], totalMs: number): string {
  const count = (list: readonly Case[]) => {
    const failures = list.filter(({ failure }) => failure !== undefined).length;
    const skipped = list.filter(({ isReached }) => !isReached).length;
    return `tests="${list.length}" failures="${failures}" skipped="${skipped}"`;
  };
  const suites = [...new Set(cases.map(({ suite }) => suite))].map((suite) => {
    const own = cases.filter((one) => one.suite === suite);
    return `  <testsuite name="${xml(suite)}" ${count(own)}>\n${own.map(caseXml).join('')}  </testsuite>\n`;
  });
  const time = (totalMs / 1000).toFixed(3);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${xml(label)}" ${count(cases)} time="${time}">\n${suites.join('')}</testsuites>\n`;
}

function caseXml({ name, suite, seconds, failure, isReached }: Case): string {
  const open = `    <testcase classname="${xml(suite)}" name="${xml(name)}" time="${seconds.toFixed(3)}"`;
  if (failure !== undefined) {
    const { type, message, text } = failure;
    return `${open}>\n      <failure type="${xml(type)}" message="${xml(message)}">${xml(text)}</failure>\n    </testcase>\n`;
  }
  return isReached ? `${open}/>\n` : `${open}>\n      <skipped message="not reached"/>\n    </testcase>\n`;
}

/** Text for XML 1.0, which has no way to write most control characters. */
function xml(text: string): string {
  return redact(text)
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');
}
