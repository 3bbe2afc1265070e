// Follows the objects of a cluster.
import {
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
} from '@kubernetes/client-node';
import type { Logger } from '../kit/index.ts';
import type { Kind } from './families/family.ts';

/** The objects of a kind. */
export interface Followed {
  list(): readonly KubernetesObject[];
  /** Whether they have been read once. */
  isRead(): boolean;
  stop(): Promise<void>;
}

// The library goes on by itself when a watch ends; where it gives up, we begin anew after this.
const PAUSE_MS = 2000;

/** namespace, pretty, exact, export, fieldSelector */
const ANYWHERE = [undefined, undefined, undefined, undefined, undefined] as const;

/** Begins to follow the objects of `kind`; where that fails it is tried again until `stop`. */
export function follow(config: KubeConfig, kind: Kind, log: Logger): Followed {
  const api = KubernetesObjectApi.makeApiClient(config);
  let isRead = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const list = async (): Promise<KubernetesListObject<KubernetesObject>> => {
    const found = await api.list(kind.apiVersion, kind.kind, ...ANYWHERE, kind.selector);
    isRead = true;
    return found;
  };
  const informer = makeInformer(config, kind.path, list, kind.selector);
  const again = (error: unknown) => {
    if (isStopped) return;
    log.warn({ err: error, kind: kind.kind }, 'following objects failed, beginning anew');
    clearTimeout(timer);
    timer = setTimeout(start, PAUSE_MS);
  };
  const start = () => {
    informer.start().catch(again);
  };
  informer.on('error', again);
  start();
  return {
    list: () => informer.list(),
    isRead: () => isRead,
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await informer.stop();
    },
  };
}
