// How a channel balances and repeats calls: gRPC's service config, https://github.com/grpc/grpc/blob/master/doc/service_config.md.
import { status, type ServiceConfig, type ServiceDefinition } from '@grpc/grpc-js';

/** Sends a call to several servers, one after the other, and takes the first answer. */
export interface Hedging {
  /** Names of methods, all of them idempotent. */
  readonly methods: readonly string[];
  /** How many servers are asked at most, from 2 to 5. */
  readonly maxAttempts: number;
  /** After how long without an answer the next one is asked, in milliseconds. */
  readonly delayMs: number;
}

/** What {@link serviceConfig} goes by. */
export interface ServiceConfigOptions {
  /** Names of methods that may be called twice with the effect of once, as the service definition has them. */
  readonly idempotent: readonly string[];
  readonly hedging: Hedging | undefined;
  /** Whether calls wait for a server, up to their deadline, instead of failing while there is none. */
  readonly waitForReady: boolean;
}

const MAX_ATTEMPTS = 4;
// A tenth of a call's worth of retries for each call that succeeds: many servers that fail are not asked ten times as often.
const RETRY_THROTTLING = { maxTokens: 100, tokenRatio: 0.1 };

const seconds = (ms: number) => `${ms / 1000}s`;

/** The service config of a channel to `definition`; fails where a name is none of its methods. */
export function serviceConfig(definition: ServiceDefinition, options: ServiceConfigOptions): ServiceConfig {
  const { idempotent, hedging, waitForReady } = options;
  const nameOf = (method: string) => {
    const found = definition[method];
    if (found === undefined) {
      throw new Error(`The service has no method ${method}, it has ${Object.keys(definition).join(', ')}`);
    }
    const [, service = '', name = ''] = found.path.split('/');
    return { service, method: name };
  };
  const hedged = hedging?.methods ?? [];
  const retried = idempotent.filter((method) => !hedged.includes(method));
  const ready = waitForReady ? { waitForReady: true } : {};
  return {
    loadBalancingConfig: [{ round_robin: {} }],
    retryThrottling: RETRY_THROTTLING,
    methodConfig: [
      ...(retried.length === 0
        ? []
        : [
            {
              name: retried.map(nameOf),
              ...ready,
              retryPolicy: {
                maxAttempts: MAX_ATTEMPTS,
                initialBackoff: seconds(50),
                maxBackoff: seconds(1000),
                backoffMultiplier: 2,
                retryableStatusCodes: [status.UNAVAILABLE],
              },
            },
          ]),
      ...(hedging === undefined || hedged.length === 0
        ? []
        : [
            {
              name: hedged.map(nameOf),
              ...ready,
              hedgingPolicy: {
                maxAttempts: hedging.maxAttempts,
                hedgingDelay: seconds(hedging.delayMs),
                nonFatalStatusCodes: [status.UNAVAILABLE],
              },
            },
          ]),
      { name: [{}], ...ready },
    ],
  };
}
