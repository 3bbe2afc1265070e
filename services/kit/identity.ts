// Who a caller is by its certificate.
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';

/** What grpc-js knows of a connection with TLS. */
export type AuthContext = ReturnType<ServerInterceptingCallInterface['getAuthContext']>;

// As node writes alternative names; one with a comma in it is quoted, and none that an identity may be.
const NAME = /^(?:URI|DNS|email):([^",]+)$/;

/**
 * The caller's identity: the first URI of its certificate, as SPIFFE has them, else its common name, else its first DNS
 * name or mail address; undefined without a certificate that has been verified.
 */
export function identityOf({ sslPeerCertificate }: AuthContext): string | undefined {
  if (sslPeerCertificate === undefined) return undefined;
  const names = (sslPeerCertificate.subjectaltname ?? '').split(', ').flatMap((name) => NAME.exec(name)?.[1] ?? []);
  const commonName: unknown = sslPeerCertificate.subject?.CN;
  return names.find((name) => name.includes('://')) ?? (typeof commonName === 'string' ? commonName : names[0]);
}
