// ServiceMonitors that scrape nothing.
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../dashboards/values.ts';
import { type Entry, recordAt, type SourceObject } from './objects.ts';

/** Monitors that select none of the Services beside them, or name a port that those do not have. */
export function unselected(objects: readonly SourceObject[]): readonly string[] {
  const services = objects.filter(({ value }) => value['kind'] === 'Service').map(({ value }) => value);
  return objects.flatMap(({ where, value }) => {
    if (value['kind'] !== 'ServiceMonitor') return [];
    const wanted = recordAt(value, 'spec', 'selector', 'matchLabels');
    const chosen = services.filter((service) => {
      const labels = recordAt(service, 'metadata', 'labels');
      return isDeepStrictEqual({ ...labels, ...wanted }, labels);
    });
    if (chosen.length === 0) return [`${where}: no Service beside it has the labels ${JSON.stringify(wanted)}`];
    const ports = chosen.flatMap((service) => entriesOf(recordAt(service, 'spec')['ports'])).map(({ name }) => name);
    return entriesOf(recordAt(value, 'spec')['endpoints'])
      .filter(({ port }) => port !== undefined && !ports.includes(port))
      .map(({ port }) => `${where}: no Service that it selects has a port ${String(port)}`);
  });
}

function entriesOf(value: unknown): readonly Entry[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
