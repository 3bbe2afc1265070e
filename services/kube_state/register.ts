// Makes metrics of objects: at each scrape the series are those of the objects that there are then.
import type { KubernetesObject } from '@kubernetes/client-node';
import { Counter, Gauge, type Metrics } from '../kit/index.ts';
import type { Family, Kind } from './families/family.ts';

/** Registers the families of `kind`; `objects` returns what there is at the moment. */
export function registerKind(metrics: Metrics, kind: Kind, objects: () => readonly KubernetesObject[]): void {
  for (const family of kind.families) {
    const labelNames = [...(kind.isNamespaced ? ['namespace'] : []), kind.label, ...family.labels];
    const options = { name: family.name, help: family.help, labelNames, registers: [metrics] };
    // A counter goes up only, and is set anew each time all the same: from 0.
    if (family.name.endsWith('_total')) {
      const counter = new Counter({
        ...options,
        collect: () => {
          counter.reset();
          for (const [labels, value] of seriesOf(kind, family, objects())) counter.inc(labels, value);
        },
      });
    } else {
      const gauge = new Gauge({
        ...options,
        collect: () => {
          gauge.reset();
          for (const [labels, value] of seriesOf(kind, family, objects())) gauge.set(labels, value);
        },
      });
    }
  }
}

function* seriesOf(
  kind: Kind,
  family: Family,
  objects: readonly KubernetesObject[],
): Generator<readonly [Record<string, string>, number]> {
  const { shortName = (name) => name } = kind;
  for (const object of objects) {
    const own = {
      ...(kind.isNamespaced ? { namespace: object.metadata?.namespace ?? '' } : {}),
      [kind.label]: shortName(object.metadata?.name ?? ''),
    };
    for (const [labels, value] of family.samples(object)) {
      if (value !== undefined) yield [{ ...own, ...labels }, value];
    }
  }
}
