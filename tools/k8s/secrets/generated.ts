// Values that nobody chooses: made at the first apply, kept by the Secret that has them from then on.
import { randomBytes } from 'node:crypto';
import { ToolError } from '../../lib/errors.ts';
import { hideValue } from '../../lib/redact.ts';
import { type KubeObject, asRecord, textAt } from '../model/object.ts';
import type { SecretReference } from './reference.ts';

const BYTES = 32;

/** What {@link createGenerated} needs of a run. */
export interface GeneratedOptions {
  /** The Secret as the cluster has it, undefined where it has none. */
  readonly live: (namespace: string, name: string) => Promise<KubeObject | undefined>;
  /** The Secrets that are about to be applied. */
  readonly wanted: readonly KubeObject[];
}

/** Where generated values come from. */
export interface Generated {
  /** The value of a reference of an object in `namespace`. Throws K8S_SECRET_HOME. */
  valueOf(reference: SecretReference, namespace: string): Promise<Buffer>;
}

/** The values of one run: each Secret is read once, and a value that was made is the same wherever it is named. */
export function createGenerated({ live, wanted }: GeneratedOptions): Generated {
  const secrets = new Map<string, Promise<KubeObject | undefined>>();
  const made = new Map<string, Buffer>();

  const makeValue = ({ place, key = '', text }: SecretReference, namespace: string): Buffer => {
    const plain = `\${fathom-secret://generated/${place}#${key}}`;
    const isHome = ({ kind, metadata, stringData }: KubeObject): boolean =>
      kind === 'Secret' &&
      metadata.name === place &&
      (metadata.namespace ?? '') === namespace &&
      asRecord(stringData)?.[key] === plain;
    if (!wanted.some(isHome)) {
      throw new ToolError('K8S_SECRET_HOME', `Making the value of ${text}: no Secret ${namespace}/${place} keeps it`, {
        hint: `Add a Secret ${place} to the stack, in which ${key} is '${plain}' and nothing else, or apply the stack that has it first.`,
      });
    }
    // Letters that need no escape in a URL, a shell or a configuration file.
    return Buffer.from(randomBytes(BYTES).toString('base64url'), 'utf8');
  };

  return {
    async valueOf(reference, namespace) {
      const { place, key = '' } = reference;
      const home = `${namespace}/${place}`;
      const reading = secrets.get(home) ?? live(namespace, place);
      secrets.set(home, reading);
      const kept = textAt(await reading, 'data', key);
      const known = kept === undefined || kept === '' ? made.get(`${home}#${key}`) : Buffer.from(kept, 'base64');
      const value = known ?? makeValue(reference, namespace);
      made.set(`${home}#${key}`, value);
      hideValue(value);
      return value;
    },
  };
}
