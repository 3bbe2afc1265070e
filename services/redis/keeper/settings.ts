// The settings of a keeper, and the links that follow from them.
import { readFileSync } from 'node:fs';
import { address, type Address, type Logger, type Setting, text, wholeNumber } from '../../kit/index.ts';
import { type Credentials, type Link, openLink } from './link.ts';

/** Some addresses with commas between them. */
function addresses(variable: string): Setting<readonly Address[]> {
  const one = address(variable);
  return {
    variable,
    expected: 'host:port of every server, with commas between them',
    parse: (value) => {
      const parsed = value.split(',').map((part) => one.parse(part.trim()));
      const found = parsed.filter((part) => part !== undefined);
      return found.length === parsed.length ? found : undefined;
    },
  };
}

/** The number at the end of a pod's name. */
function ordinal(variable: string): Setting<number> {
  return {
    variable,
    expected: 'the name of a pod of a StatefulSet, such as redis-0',
    parse: (value) => {
      const match = /-(\d{1,4})$/.exec(value);
      return match === null ? undefined : Number(match[1]);
    },
  };
}

/** What a keeper must know. */
export const SETTINGS = {
  port: wholeNumber('METRICS_PORT', { min: 0, max: 65_535, fallback: 9464 }),
  /** All servers, in the order of their pods. */
  nodes: addresses('REDIS_NODES'),
  own: ordinal('POD_NAME'),
  masters: wholeNumber('REDIS_MASTERS', { min: 1, max: 1000 }),
  /** A folder with the files `password`, `exporter-password`, `replication-password` and `users.acl`. */
  secrets: text('REDIS_SECRETS_FOLDER', '/run/secrets/redis'),
} as const;

/** The user that may do everything. */
export const ADMIN = 'admin';
/** The user that only reads figures. */
export const EXPORTER = 'exporter';

/** Options of {@link openLinks}. */
export interface LinksOptions {
  readonly nodes: readonly Address[];
  /** The place of the server to which loopback leads. Default: all are reached by their names. */
  readonly own?: number;
  readonly secrets: string;
  readonly log: Logger;
  /** By which others find these connections. Default: none. */
  readonly name?: string;
}

/** Connections of the admin to all servers; to that in the same pod by loopback, so that it needs no DNS. */
export function openLinks({ nodes, own, secrets, log, name }: LinksOptions): Link[] {
  const credentials = () => credentialsFrom(`${secrets}/password`, ADMIN, log);
  return nodes.map((endpoint, place) =>
    openLink({
      endpoint,
      credentials,
      ...(name === undefined ? {} : { name }),
      ...(place === own ? { resolve: async () => '127.0.0.1' } : {}),
    }),
  );
}

/** A user whose password is in a file, as it is just now; undefined where the file can't be read. */
export function credentialsFrom(file: string, username: string, log: Logger): Credentials | undefined {
  try {
    return { username, password: readFileSync(file, 'utf8').trim() };
  } catch (error) {
    log.warn({ file, problem: (error as NodeJS.ErrnoException).code }, 'there is no password');
    return undefined;
  }
}
