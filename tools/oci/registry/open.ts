// A registry as references name it, opened where this machine reaches it.
import { type CredentialSource, dockerCredentials } from './docker_config.ts';
import { type Transport, type TransportOptions, createTransport } from './transport.ts';

/** Which registry, and how it is reached. */
export interface RegistryAddress {
  /** `host:port` of the registry as this machine reaches it. */
  readonly endpoint: string;
  readonly plainHttp: boolean;
  /** Its name in references. Default: the endpoint. */
  readonly registry?: string;
}

/** Who we are at a registry. */
export type CredentialsFor = (registry: string) => CredentialSource;

/** What Docker's configuration says. */
export function dockerLogins(signal: AbortSignal): CredentialsFor {
  return (name) => dockerCredentials(name, process.env, signal);
}

/** Who we are at one registry, asked by the name that references use, then by its endpoint. */
export function credentialsOf(
  { registry, endpoint }: Pick<RegistryAddress, 'registry' | 'endpoint'>,
  credentials: CredentialsFor,
): CredentialSource {
  return firstOf([...new Set([registry ?? endpoint, endpoint])].map(credentials));
}

/** A transport to a registry, with the login for it; nothing is sent yet. */
export function openRegistry(
  address: RegistryAddress,
  {
    credentials,
    ...options
  }: Omit<TransportOptions, keyof RegistryAddress | 'credentials'> & {
    /** Default: what Docker's configuration says. */
    readonly credentials?: CredentialsFor | undefined;
  },
): Transport {
  const source = credentialsOf(address, credentials ?? dockerLogins(options.signal));
  return createTransport({ ...options, endpoint: address.endpoint, plainHttp: address.plainHttp, credentials: source });
}

/** Asks one source after another. */
function firstOf(sources: readonly CredentialSource[]): CredentialSource {
  return async (repository) => {
    for (const source of sources) {
      const found = await source(repository);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}
