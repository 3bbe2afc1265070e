// A system without IPv6 for a test, which can't turn that of its machine off.
import { Server } from 'node:net';
import type { TestContext } from 'node:test';

/** Until the test is over, listening at an address of IPv6 fails in this process as such a system has it fail. */
export function withoutIpv6({ mock }: TestContext): void {
  const listen = Server.prototype.listen;
  function failing(this: Server, ...given: unknown[]): Server {
    const [where] = given as readonly { readonly host?: string }[];
    if (where?.host?.includes(':') !== true) return Reflect.apply(listen, this, given) as Server;
    const error = Object.assign(new Error(`listen EAFNOSUPPORT: ${where.host}`), { code: 'EAFNOSUPPORT' });
    process.nextTick(() => this.emit('error', error));
    return this;
  }
  mock.method(Server.prototype, 'listen', failing);
}
