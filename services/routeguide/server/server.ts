// The route guide as a gRPC service: requests checked, errors as status codes.
import { status } from '@grpc/grpc-js';
import type { RecordRouteRequest, RouteGuideServer } from '../../../proto/routeguide/v1/route_guide.ts';
import { createHandlers, type Logger, type Status } from '../../kit/index.ts';
import { StoreUnavailableError } from './redis_store.ts';
import {
  areaBetween,
  checkNote,
  checkPoint,
  InvalidRequestError,
  RouteRecorder,
  type Store,
  toldFeature,
} from './routeguide.ts';

/** Options of {@link routeGuideService}. */
export interface RouteGuideServiceOptions {
  readonly store: Store;
  readonly log: Logger;
}

/** The handlers of routeguide.v1.RouteGuide. */
export function routeGuideService({ store, log }: RouteGuideServiceOptions): RouteGuideServer {
  const statusOf = (error: unknown): Status | undefined => {
    if (error instanceof InvalidRequestError) return { code: status.INVALID_ARGUMENT, details: error.message };
    if (!(error instanceof StoreUnavailableError)) return undefined;
    log.warn({ err: error }, 'call failed');
    return { code: status.UNAVAILABLE, details: error.message };
  };
  const { unary, clientStream, serverStream, bidiStream } = createHandlers({ log, statusOf });
  return {
    getFeature: unary(async ({ location }, call) => {
      const feature = await store.getFeature(checkPoint(location, 'location'), call);
      return { feature: feature === undefined ? undefined : toldFeature(feature) };
    }),
    listFeatures: serverStream(async function* ({ area }, call) {
      if (area === undefined) throw new InvalidRequestError('area must be set');
      for await (const feature of store.listFeatures(areaBetween(area.low, area.high), call)) {
        yield { feature: toldFeature(feature) };
      }
    }),
    recordRoute: clientStream(async (points: AsyncIterable<RecordRouteRequest>, call) => {
      const recorder = new RouteRecorder();
      for await (const { location } of points) {
        const point = checkPoint(location, 'location');
        recorder.add(point, (await store.getFeature(point, call)) !== undefined);
      }
      return { summary: recorder.summary() };
    }),
    routeChat: bidiStream(async function* (notes, call) {
      for await (const { note } of notes) {
        for (const earlier of await store.addNote(checkNote(note), call)) yield { note: earlier };
      }
    }),
  };
}
