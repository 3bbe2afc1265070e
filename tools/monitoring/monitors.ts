// Monitors that scrape nothing.
import { isRecord } from '../dashboards/values.ts';
import { type Entry, recordAt, recordOf, type SourceObject } from './objects.ts';

/** What a monitor may select. */
interface Candidate {
  readonly namespace: unknown;
  readonly labels: Entry;
  /** What its ports are called. */
  readonly ports: readonly unknown[];
}

/** A kind of monitors. */
interface MonitorKind {
  /** What one of its candidates is called. */
  readonly what: string;
  /** The field of its spec that says what is asked. */
  readonly endpoints: string;
  /** What of an object it may select. */
  readonly candidate: (object: Entry) => Candidate | undefined;
}

const KINDS: Readonly<Record<string, MonitorKind>> = {
  ServiceMonitor: { what: 'Service', endpoints: 'endpoints', candidate: serviceOf },
  PodMonitor: { what: 'pod', endpoints: 'podMetricsEndpoints', candidate: podOf },
};

/** Where kinds have the pods that they make. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  DaemonSet: ['spec', 'template'],
  Deployment: ['spec', 'template'],
  Job: ['spec', 'template'],
  Pod: [],
  ReplicaSet: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
};

/**
 * Monitors that select none of the Services, or of the pods, beside them, or name a port that those do not have. What one
 * selects in other namespaces than its own is not beside it.
 */
export function unselected(objects: readonly SourceObject[]): readonly string[] {
  return objects.flatMap(({ where, value }) => {
    const kind = Object.hasOwn(KINDS, String(value['kind'])) ? KINDS[String(value['kind'])] : undefined;
    if (kind === undefined || isElsewhere(value)) return [];
    const { what, endpoints, candidate } = kind;
    const own = recordAt(value, 'metadata')['namespace'];
    const selector = recordAt(value, 'spec', 'selector');
    const chosen = objects
      .map((object) => candidate(object.value))
      .filter((one) => one !== undefined)
      // Who names no namespace is put into that of the others.
      .filter(({ namespace }) => namespace === own || namespace === undefined || own === undefined)
      .filter(({ labels }) => isSelected(labels, selector));
    if (chosen.length === 0) return [`${where}: no ${what} beside it ${shownSelector(selector)}`];
    const ports = chosen.flatMap((one) => one.ports);
    return entriesOf(recordAt(value, 'spec')[endpoints])
      .filter(({ port }) => port !== undefined && !ports.includes(port))
      .map(({ port }) => `${where}: no ${what} that it selects has a port ${String(port)}`);
  });
}

function serviceOf(object: Entry): Candidate | undefined {
  if (object['kind'] !== 'Service') return undefined;
  const { namespace, labels } = recordAt(object, 'metadata');
  const ports = entriesOf(recordAt(object, 'spec')['ports']).map(({ name }) => name);
  return { namespace, labels: recordOf(labels), ports };
}

function podOf(object: Entry): Candidate | undefined {
  const kind = String(object['kind']);
  const path = Object.hasOwn(TEMPLATES, kind) ? TEMPLATES[kind] : undefined;
  if (path === undefined) return undefined;
  const pod = recordAt(object, ...path);
  const spec = recordAt(pod, 'spec');
  // Of init containers some stay, as sidecars.
  const containers = [...entriesOf(spec['containers']), ...entriesOf(spec['initContainers'])];
  const ports = containers.flatMap((container) => entriesOf(container['ports'])).map(({ name }) => name);
  const { namespace } = recordAt(object, 'metadata');
  return { namespace, labels: recordAt(pod, 'metadata', 'labels'), ports };
}

/** Whether it looks into other namespaces than its own. */
function isElsewhere(monitor: Entry): boolean {
  const { any, matchNames } = recordAt(monitor, 'spec', 'namespaceSelector');
  const own = recordAt(monitor, 'metadata')['namespace'];
  return any === true || (Array.isArray(matchNames) && matchNames.some((name) => name !== own));
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */
function isSelected(labels: Entry, selector: Entry): boolean {
  const isEqual = Object.entries(recordOf(selector['matchLabels'])).every(([name, value]) => labels[name] === value);
  return isEqual && entriesOf(selector['matchExpressions']).every((one) => isMet(labels, one));
}

function isMet(labels: Entry, { key, operator, values }: Entry): boolean {
  const value = labels[String(key)];
  const isListed = Array.isArray(values) && values.includes(value);
  switch (operator) {
    case 'In':
      return isListed;
    case 'NotIn':
      return !isListed;
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      // For the schema of its kind to refuse.
      return true;
  }
}

function shownSelector({ matchLabels, matchExpressions }: Entry): string {
  const labels = JSON.stringify(recordOf(matchLabels));
  if (entriesOf(matchExpressions).length === 0) return `has the labels ${labels}`;
  return `is selected by ${JSON.stringify({ ...(matchLabels === undefined ? {} : { matchLabels }), matchExpressions })}`;
}

function entriesOf(value: unknown): readonly Entry[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
