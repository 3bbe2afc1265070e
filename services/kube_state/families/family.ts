// What a metric of objects is: a name, and what an object is worth. Names and labels are those of kube-state-metrics,
// by which rules and dashboards of others know them: https://github.com/kubernetes/kube-state-metrics/tree/main/docs
import type { KubernetesObject } from '@kubernetes/client-node';

/** Labels and what they are worth; undefined: not known, so there is no such series. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | undefined];

/** A metric of the objects of one kind. */
export interface Family {
  readonly name: string;
  readonly help: string;
  /** Beside those that name the object. */
  readonly labels: readonly string[];
  readonly samples: (object: KubernetesObject) => readonly Sample[];
}

/** Objects that are watched, and what is told of them. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Where the API has all of them. */
  readonly path: string;
  /** The label that has the name; there is `namespace` as well where the kind has one. */
  readonly label: string;
  /** What of its name the label has. Default: all of it. */
  readonly shortName?: (name: string) => string;
  /** Which of them are followed, by their labels. Default: all. */
  readonly selector?: string;
  readonly isNamespaced: boolean;
  readonly families: readonly Family[];
}

/** Makes families of objects `T`: what the API gives for a path is trusted to be what it has there. */
export function familiesOf<T extends KubernetesObject>(prefix: string) {
  const family = (
    name: string,
    help: string,
    labels: readonly string[],
    samples: (object: T) => readonly Sample[],
  ): Family => ({ name: `${prefix}_${name}`, help, labels, samples: (object) => samples(object as T) });
  return {
    family,
    /** One number of an object. */
    number: (name: string, help: string, value: (object: T) => number | undefined): Family =>
      family(name, help, [], (object) => [[{}, value(object)]]),
  };
}

/** A time in seconds since 1970: lists have dates where watches have texts. */
export function seconds(time: Date | string | undefined): number | undefined {
  if (time === undefined) return undefined;
  const ms = new Date(time).getTime();
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

/** One series for each of `all`, 1 for the one that it is. */
export function oneOf(label: string, all: readonly string[], is: string | undefined): readonly Sample[] {
  return all.map((value) => [{ [label]: value }, value === is ? 1 : 0]);
}

const CONDITION_STATUSES = ['true', 'false', 'unknown'] as const;

/** A series for each condition of an object and each status that it could have. */
export function conditions(
  given: readonly { readonly type: string; readonly status: string }[] | undefined,
): readonly Sample[] {
  return (given ?? []).flatMap(({ type, status }) =>
    CONDITION_STATUSES.map((one): Sample => [{ condition: type, status: one }, one === status.toLowerCase() ? 1 : 0]),
  );
}

const UNITS: Readonly<Record<string, string>> = { cpu: 'core', pods: 'integer' };

/** A series for each resource, such as `cpu: 100m`. */
export function resources(
  given: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>> = {},
): readonly Sample[] {
  return Object.entries(given ?? {}).map(([resource, text]) => [
    { ...labels, resource: resource.replaceAll(/[^a-zA-Z0-9_]/g, '_'), unit: UNITS[resource] ?? 'byte' },
    quantity(text),
  ]);
}

// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkKMGTPE]?)(i?))$/;
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY = ['', 'K', 'M', 'G', 'T', 'P', 'E'];

/** A quantity such as 100m or 2Gi as a number; undefined where it is none. */
export function quantity(text: string | undefined): number | undefined {
  const match = QUANTITY.exec(text ?? '');
  if (match === null) return undefined;
  const [, digits = '', exponent, prefix = '', binary] = match;
  if (exponent !== undefined) return Number(digits + exponent);
  if (binary === 'i') {
    const power = BINARY.indexOf(prefix);
    return power > 0 ? Number(digits) * 1024 ** power : undefined;
  }
  const power = DECIMAL[prefix];
  return power === undefined ? undefined : Number(`${digits}e${power}`);
}
