// Clients of other services: balanced over all of their servers, with deadlines, retries where they do no harm, and the
// ids of the call that they are made for.
import {
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  credentials,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { clientInterceptor } from './client_interceptor.ts';
import { clientMetrics } from './client_metrics.ts';
import type { Metrics } from './metrics.ts';
import { type Hedging, serviceConfig } from './service_config.ts';
import { type Address, addressText } from './settings.ts';

/** A client class, as ts-proto writes them. */
export interface ClientClass<C extends Client, S extends ServiceDefinition = ServiceDefinition> {
  new (address: string, credentials: ChannelCredentials, options?: Partial<ClientOptions>): C;
  readonly service: S;
}

/** Options of {@link createClient}. */
export interface CreateClientOptions<S extends ServiceDefinition> {
  /** Where the servers are: a name with the addresses of all, such as that of a headless Service; or a gRPC target. */
  readonly address: Address | string;
  /** Default: no TLS. */
  readonly credentials?: ChannelCredentials;
  /** Where the client's metrics are kept. Default: nowhere. */
  readonly metrics?: Metrics;
  /** Methods with the effect of one call if called twice: called again where a server is UNAVAILABLE. Default: none. */
  readonly idempotent?: readonly (keyof S & string)[];
  /** Default: no hedging. */
  readonly hedging?: Hedging;
  /** Of unary calls that say none, in milliseconds; 0 is none. Default: 10 000. */
  readonly deadlineMs?: number;
  /** Whether calls wait for a server up to their deadline instead of failing while there is none. Default: false. */
  readonly waitForReady?: boolean;
  /** The largest message that is taken, in bytes. Default: 4 MiB. */
  readonly maxMessageBytes?: number;
  /** Options of the channel that are not here. */
  readonly channel?: Partial<ClientOptions>;
}

const MAX_MESSAGE_BYTES = 4_194_304;

/** A gRPC target that resolves to all addresses of a name. */
export function targetOf(address: Address | string): string {
  return typeof address === 'string' ? address : `dns:///${addressText(address)}`;
}

/** A client, which connects when it is first used. Close it when it is not needed any more. */
export function createClient<C extends Client, S extends ServiceDefinition>(
  Class: ClientClass<C, S>,
  options: CreateClientOptions<S>,
): C {
  const { idempotent = [], hedging, waitForReady = false, deadlineMs = 10_000 } = options;
  const metrics = options.metrics === undefined ? undefined : clientMetrics(options.metrics);
  return new Class(targetOf(options.address), options.credentials ?? credentials.createInsecure(), {
    'grpc.service_config': JSON.stringify(serviceConfig(Class.service, { idempotent, hedging, waitForReady })),
    // The config is here, not in TXT records of the server's name.
    'grpc.service_config_disable_resolution': 1,
    // A server that is gone without a word is noticed while a call waits for it.
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    // New servers are found soon after a connection is lost, as in a rollout.
    'grpc.dns_min_time_between_resolutions_ms': 2000,
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 5000,
    'grpc.max_receive_message_length': options.maxMessageBytes ?? MAX_MESSAGE_BYTES,
    ...options.channel,
    interceptors: [clientInterceptor({ deadlineMs, metrics }), ...(options.channel?.interceptors ?? [])],
  });
}
