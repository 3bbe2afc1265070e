// What the API server itself allows: the requests of an apply, in parallel, by a process that does nothing else.
import type { ApiServer } from '../../tools/k8s/testing/apiserver.ts';
import type { KubeObject } from '../../tools/k8s/model/object.ts';
import { CONNECTIONS, type Contender } from './contenders.ts';

/** Server-side applies over connections that are open before: no program that starts, no plan, no inventory. */
export function bareRequests(server: ApiServer): Contender {
  const apply = (object: KubeObject) =>
    server.client.request({
      method: 'PATCH',
      path: `/api/v1/namespaces/${object.metadata.namespace}/configmaps/${object.metadata.name}`,
      query: { fieldManager: 'bench', force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: object,
      doing: 'Applying without an engine',
    });
  return {
    name: 'bare requests',
    async run(_verb, objects) {
      await server.client.request({ method: 'GET', path: '/version', doing: 'Opening a connection' });
      const startMs = performance.now();
      const left = objects.values();
      await Promise.all(
        Array.from({ length: CONNECTIONS }, async () => {
          for (const object of left) await apply(object);
        }),
      );
      return { seconds: (performance.now() - startMs) / 1000, megabytes: 0, differs: false };
    },
  };
}
