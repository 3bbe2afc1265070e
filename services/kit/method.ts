// What is known of a method from its definition, looked up once and then kept.

/** How many messages go each way. The words of grpc_type in metrics. */
export type MethodType = 'unary' | 'client_stream' | 'server_stream' | 'bidi_stream';

/** A method of a service. */
export interface Method {
  /** `/routeguide.v1.RouteGuide/GetFeature` */
  readonly path: string;
  /** The path as JSON, for the line that each call leaves in the log. */
  readonly json: string;
  /** `routeguide.v1.RouteGuide` */
  readonly service: string;
  /** `GetFeature` */
  readonly name: string;
  readonly type: MethodType;
  readonly isRequestStream: boolean;
  /** Whether it is asked by machinery, such as probes: not logged, never refused. */
  readonly internal: boolean;
}

/** The part of grpc-js's method definitions that {@link methodOf} needs. */
export interface MethodShape {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

const INTERNAL = /^\/grpc\.(health|reflection)\./;

const known = new Map<string, Method>();

/** The method of a definition. Definitions are those that this process has, so there are few. */
export function methodOf({ path, requestStream, responseStream }: MethodShape): Method {
  const found = known.get(path);
  if (found !== undefined) return found;
  const [service = '', name = ''] = path.replace(/^\//, '').split('/');
  const types = responseStream ? (['server_stream', 'bidi_stream'] as const) : (['unary', 'client_stream'] as const);
  const type = types[requestStream ? 1 : 0];
  const json = JSON.stringify(path);
  const method = { path, json, service, name, type, isRequestStream: requestStream, internal: INTERNAL.test(path) };
  known.set(path, method);
  return method;
}
