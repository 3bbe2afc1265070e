// One line for each call: what was asked, how it ended, how long it took, for whom.
import { status } from '@grpc/grpc-js';
import type { Logger } from './log.ts';
import type { CallObserver } from './observed_call.ts';
import { codeName } from './status.ts';

/** Which calls are logged: all, or those alone that failed. */
export const ACCESS_LOGS = ['all', 'failed', 'none'] as const;

/** What the log of a service calls out: the fault of the server, or of what it needs. */
const WARNINGS: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** Logs calls when they are over. Those of probes and of reflection are not logged. */
export function accessLog(log: Logger, which: (typeof ACCESS_LOGS)[number] = 'all'): CallObserver {
  if (which === 'none') return {};
  return {
    end(call, { code, details }) {
      if (call.method.internal || (which === 'failed' && code === status.OK)) return;
      const line = {
        method: call.method.path,
        code: codeName(code),
        durationMs: Math.round((performance.now() - call.startMs) * 1000) / 1000,
        peer: call.peer,
        // A call may end outside of its context, such as by a timer.
        requestId: call.requestId,
        ...(call.trace === undefined ? undefined : { traceId: call.trace.traceId }),
        ...(code === status.OK ? undefined : { details }),
      };
      if (WARNINGS.has(code)) log.warn(line, 'call');
      else log.info(line, 'call');
    },
  };
}
