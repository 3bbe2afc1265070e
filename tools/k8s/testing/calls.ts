// What tests do with an API server, in one word each.
import { makePlan } from '../deploy/planner.ts';
import { connect } from '../deploy/session.ts';
import { isNotFound } from '../kube/errors.ts';
import type { KubeObject } from '../model/object.ts';
import { applyVerb } from '../verbs/apply.ts';
import { deleteVerb } from '../verbs/delete.ts';
import type { ApiServer } from './apiserver.ts';
import { type TestStack, withSession } from './stack.ts';

/** Calls to one API server; `server` is asked for at each call, as tests start it late. */
export function callsTo(server: () => ApiServer) {
  const send = (method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) =>
    server().client.request({ method, path, doing: 'Testing', ...(body === undefined ? {} : { body }) });
  const merge = (path: string, body: unknown) =>
    server().client.request({
      method: 'PATCH',
      path,
      contentType: 'application/merge-patch+json',
      body,
      doing: 'Testing',
    }) as Promise<KubeObject>;
  const get = async (path: string): Promise<KubeObject | undefined> => {
    try {
      return (await server().client.request({ method: 'GET', path, doing: 'Testing' })) as KubeObject;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  return {
    get,
    merge,
    post: (path: string, body: unknown) => send('POST', path, body) as Promise<KubeObject>,
    remove: (path: string) => send('DELETE', path),
    /** Writes the status of an object, as its controller would. */
    setStatus: (path: string, status: unknown) => merge(`${path}/status`, { status }),
    getMap: (namespace: string, name: string) => get(`/api/v1/namespaces/${namespace}/configmaps/${name}`),
    makeNamespace: (name: string) =>
      send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
    /** What an apply would do. */
    planStack: (stack: TestStack) =>
      withSession(server(), stack, async ({ session }) => {
        const connected = await connect(session);
        try {
          return await makePlan(session, connected, { sets: session.sets });
        } finally {
          connected.client.close();
        }
      }),
    /** The lines that a verb logs. */
    applyStack: (stack: TestStack, verb: 'apply' | 'create' | 'replace' = 'apply') =>
      withSession(server(), stack, async ({ session, lines }) => {
        await applyVerb(session, verb);
        return lines;
      }),
    deleteStack: (stack: TestStack) =>
      withSession(server(), stack, async ({ session, lines }) => {
        await deleteVerb(session);
        return lines;
      }),
  };
}
