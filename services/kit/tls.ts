// TLS and mutual TLS, from the settings of servers and of their callers.
import { type ChannelCredentials, experimental, type ServerCredentials } from '@grpc/grpc-js';
import { CertificateWatcher } from './certificates.ts';
import { type Config, ConfigError } from './config.ts';
import type { Logger } from './log.ts';
import { optional, text } from './settings.ts';

/** The settings of a server's TLS. Without them it has none. */
export const SERVER_TLS_SETTINGS = {
  tlsCertFile: optional(text('TLS_CERT_FILE')),
  tlsKeyFile: optional(text('TLS_KEY_FILE')),
  tlsClientCaFile: optional(text('TLS_CLIENT_CA_FILE')),
};

/** The settings of a caller's TLS: without `TLS_CA_FILE` it has none; certificate and key are for mutual TLS. */
export const CLIENT_TLS_SETTINGS = {
  tlsCaFile: optional(text('TLS_CA_FILE')),
  tlsCertFile: optional(text('TLS_CERT_FILE')),
  tlsKeyFile: optional(text('TLS_KEY_FILE')),
};

/** Options that tests shorten. */
export interface TlsOptions {
  readonly log: Logger;
  /** How often the files are looked at, in milliseconds. Default: 10 000. */
  readonly intervalMs?: number;
}

/**
 * The credentials of a server, or undefined where no certificate is set. With `TLS_CLIENT_CA_FILE` only callers that have
 * a certificate of such an authority get in. Changed files are used for new connections.
 */
export function serverCredentials(
  config: Config<typeof SERVER_TLS_SETTINGS>,
  { log, intervalMs = 10_000 }: TlsOptions,
): ServerCredentials | undefined {
  const { tlsCertFile, tlsKeyFile, tlsClientCaFile } = config;
  if (tlsCertFile === undefined && tlsKeyFile === undefined) {
    if (tlsClientCaFile === undefined) return undefined;
    throw new ConfigError(['TLS_CLIENT_CA_FILE is set, and TLS_CERT_FILE and TLS_KEY_FILE are not: set all three']);
  }
  const watcher = new CertificateWatcher({
    files: { certFile: tlsCertFile, keyFile: tlsKeyFile, caFile: tlsClientCaFile },
    variables: { certFile: 'TLS_CERT_FILE', keyFile: 'TLS_KEY_FILE', caFile: 'TLS_CLIENT_CA_FILE' },
    log,
    intervalMs,
  });
  const isMutual = tlsClientCaFile !== undefined;
  log.info({ mutual: isMutual, expires: new Date(watcher.current.expiresMs).toISOString() }, 'TLS is on');
  // Of the two providers the first is that of the server's own certificate.
  return experimental.createCertificateProviderServerCredentials(watcher, isMutual ? watcher : null, isMutual);
}

/** The credentials of a caller, or undefined where `TLS_CA_FILE` is not set. */
export function clientCredentials(
  config: Config<typeof CLIENT_TLS_SETTINGS>,
  { log, intervalMs = 10_000 }: TlsOptions,
): ChannelCredentials | undefined {
  const { tlsCaFile, tlsCertFile, tlsKeyFile } = config;
  if (tlsCaFile === undefined) return undefined;
  const watcher = new CertificateWatcher({
    files: { certFile: tlsCertFile, keyFile: tlsKeyFile, caFile: tlsCaFile },
    variables: { certFile: 'TLS_CERT_FILE', keyFile: 'TLS_KEY_FILE', caFile: 'TLS_CA_FILE' },
    log,
    intervalMs,
  });
  const identity = watcher.current.identity === null ? null : watcher;
  return experimental.createCertificateProviderChannelCredentials(watcher, identity, {});
}
