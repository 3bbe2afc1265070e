// One line for each call: what was asked, how it ended, how long it took, for whom.
import { status } from '@grpc/grpc-js';
import type { CallContext } from './call_context.ts';
import { type Logger, type RawLine, rawLineOf } from './log.ts';
import type { CallObserver } from './observed_call.ts';
import { codeName, SERVER_FAULTS, type Status } from './status.ts';

/** Which calls are logged: all, or those alone that failed. */
export const ACCESS_LOGS = ['all', 'failed', 'none'] as const;

/** The fields of the line about a call, as JSON. What is put in as it is cannot hold what JSON would escape. */
function fieldsOf(call: CallContext, { code, details }: Status): string {
  const durationMs = Math.round(call.tookMs * 1000) / 1000;
  const trace = call.trace === undefined ? '' : `,"traceId":"${call.trace.traceId}"`;
  const words = code === status.OK ? '' : `,"details":${JSON.stringify(details)}`;
  return (
    `"method":${call.method.json},"code":"${codeName(code)}","durationMs":${durationMs},` +
    `"peer":"${call.peer}","requestId":"${call.requestId}"${trace}${words},"msg":"call"`
  );
}

/** Logs calls when they are over. Those of probes and of reflection are not logged. */
export function accessLog(log: Logger, which: (typeof ACCESS_LOGS)[number] = 'all'): CallObserver {
  if (which === 'none') return {};
  const write: RawLine =
    rawLineOf(log) ??
    ((level, fields) => {
      const { msg, ...rest } = JSON.parse(`{${fields}}`) as Record<string, unknown>;
      log[level](rest, String(msg));
    });
  return {
    end(call, ended) {
      if (call.method.internal || (which === 'failed' && ended.code === status.OK)) return;
      write(SERVER_FAULTS.has(ended.code) ? 'warn' : 'info', fieldsOf(call, ended));
    },
  };
}
