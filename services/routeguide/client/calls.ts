// The four kinds of call as promises, each with a deadline.
import { once } from 'node:events';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import type {
  Feature,
  Point,
  Rectangle,
  RouteGuideClient,
  RouteNote,
  RouteSummary,
} from '../../../proto/routeguide/v1/route_guide.ts';

/** Calls of one client, which share a deadline. */
export interface Calls {
  /** Unary. */
  getFeature(location: Point): Promise<Feature | undefined>;
  /** The server streams. */
  listFeatures(area: Rectangle): Promise<readonly Feature[]>;
  /** The caller streams. */
  recordRoute(route: readonly Point[]): Promise<RouteSummary>;
  /** Both stream: sends each note, and collects what had been left before at its point. */
  routeChat(notes: readonly RouteNote[]): Promise<readonly RouteNote[]>;
}

/** Options of {@link createCalls}. */
export interface CallsOptions {
  /** How long one call may take, in milliseconds. Default: 10 000. */
  readonly deadlineMs?: number;
}

interface RequestStream<T> extends NodeJS.EventEmitter {
  write(message: T): boolean;
  end(): unknown;
}

/** Writes all of `messages` no faster than the server takes them, then ends the stream. */
async function writeAll<T>(stream: RequestStream<T>, messages: readonly T[], signal: AbortSignal): Promise<void> {
  for (const message of messages) {
    if (signal.aborted) return;
    if (!stream.write(message)) await once(stream, 'drain', { signal });
  }
  stream.end();
}

/** The calls of `client`; a failed one rejects with grpc-js's ServiceError. */
export function createCalls(client: RouteGuideClient, options: CallsOptions = {}): Calls {
  const { deadlineMs = 10_000 } = options;
  const callOptions = () => ({ deadline: Date.now() + deadlineMs });
  const settle =
    <T>(resolve: (value: T) => void, reject: (error: ServiceError) => void) =>
    (error: ServiceError | null, value: T) =>
      error === null ? resolve(value) : reject(error);

  return {
    async getFeature(location) {
      const { feature } = await new Promise<{ feature?: Feature | undefined }>((resolve, reject) => {
        client.getFeature({ location }, new Metadata(), callOptions(), settle(resolve, reject));
      });
      return feature;
    },
    async listFeatures(area) {
      const features: Feature[] = [];
      for await (const { feature } of client.listFeatures({ area }, callOptions())) features.push(feature);
      return features;
    },
    async recordRoute(route) {
      const over = new AbortController();
      const { summary } = await new Promise<{ summary?: RouteSummary | undefined }>((resolve, reject) => {
        const stream = client.recordRoute(callOptions(), settle(resolve, reject));
        writeAll(
          stream,
          route.map((location) => ({ location })),
          over.signal,
        ).catch(() => undefined); // The call's own status says why.
      }).finally(() => over.abort());
      if (summary === undefined) throw new Error('RecordRoute answered without a summary');
      return summary;
    },
    async routeChat(notes) {
      const over = new AbortController();
      const stream = client.routeChat(callOptions());
      const earlier: RouteNote[] = [];
      writeAll(
        stream,
        notes.map((note) => ({ note })),
        over.signal,
      ).catch(() => undefined); // The call's own status says why.
      try {
        for await (const { note } of stream) earlier.push(note);
      } finally {
        over.abort();
      }
      return earlier;
    },
  };
}
