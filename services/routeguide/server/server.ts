// The route guide as a gRPC service: requests checked, answers streamed at the caller's pace, errors as status codes.
import { type sendUnaryData, type ServiceError, status } from '@grpc/grpc-js';
import {
  type GetFeatureResponse,
  type ListFeaturesResponse,
  type RecordRouteResponse,
  type RouteChatResponse,
  type RouteGuideServer,
} from '../../../proto/routeguide/v1/route_guide.ts';
import type { Logger } from '../../kit/index.ts';
import { StoreUnavailableError } from './redis_store.ts';
import {
  areaBetween,
  checkNote,
  checkPoint,
  type Feature,
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

type StatusError = Pick<ServiceError, 'code' | 'details'>;

/** The handlers of routeguide.v1.RouteGuide. */
export function routeGuideService({ store, log }: RouteGuideServiceOptions): RouteGuideServer {
  const statusOf = (error: unknown, method: string): StatusError => {
    if (error instanceof InvalidRequestError) return { code: status.INVALID_ARGUMENT, details: error.message };
    if (error instanceof StoreUnavailableError) {
      log.warn({ err: error, method }, 'call failed');
      return { code: status.UNAVAILABLE, details: error.message };
    }
    log.error({ err: error, method }, 'call failed');
    return { code: status.INTERNAL, details: 'an internal error, see the log of the server' };
  };
  const answer = <T>(method: string, work: Promise<T>, callback: sendUnaryData<T>) =>
    work.then(
      (response) => callback(null, response),
      (error: unknown) => callback(statusOf(error, method)),
    );
  // Ends a stream: with its own error, or silently where the caller has gone, since nobody listens.
  const finish = (method: string, call: ResponseStream<never>, work: Promise<void>) =>
    work.then(
      () => call.end(),
      (error: unknown) => (call.cancelled ? undefined : call.emit('error', statusOf(error, method))),
    );

  return {
    getFeature(call, callback) {
      const work = async (): Promise<GetFeatureResponse> => {
        const feature = await store.getFeature(checkPoint(call.request.location, 'location'));
        return { feature: feature === undefined ? undefined : toldFeature(feature) };
      };
      void answer('GetFeature', work(), callback);
    },
    listFeatures(call) {
      const work = async () => {
        const area = call.request.area;
        if (area === undefined) throw new InvalidRequestError('area must be set');
        for await (const feature of store.listFeatures(areaBetween(area.low, area.high))) {
          if (!(await send<ListFeaturesResponse>(call, { feature: toldFeature(feature) }))) return;
        }
      };
      void finish('ListFeatures', call, work());
    },
    recordRoute(call, callback) {
      const work = async (): Promise<RecordRouteResponse> => {
        const recorder = new RouteRecorder();
        for await (const { location } of call as AsyncIterable<{ location: Feature['location'] | undefined }>) {
          const point = checkPoint(location, 'location');
          recorder.add(point, (await store.getFeature(point)) !== undefined);
        }
        return { summary: recorder.summary() };
      };
      void answer('RecordRoute', work(), callback);
    },
    routeChat(call) {
      const work = async () => {
        // A duplex stream must outlive the reading of its requests: the answers and the status follow.
        for await (const request of call.iterator({ destroyOnReturn: false })) {
          for (const note of await store.addNote(checkNote(request.note))) {
            if (!(await send<RouteChatResponse>(call, { note }))) return;
          }
        }
      };
      void finish('RouteChat', call, work());
    },
  };
}

/** What the two kinds of streamed answers have in common. */
interface ResponseStream<T> {
  readonly cancelled: boolean;
  write(message: T): boolean;
  end(): unknown;
  emit(event: 'error', error: StatusError): unknown;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

/** Writes `message` and waits while the caller reads slower than we write; false when the caller has gone. */
async function send<T>(call: ResponseStream<T>, message: T): Promise<boolean> {
  if (call.cancelled) return false;
  if (!call.write(message)) {
    await new Promise<void>((resolve) => {
      const go = () => {
        call.off('drain', go);
        call.off('cancelled', go);
        resolve();
      };
      call.on('drain', go);
      call.on('cancelled', go);
    });
  }
  return !call.cancelled;
}
