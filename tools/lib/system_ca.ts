// The authorities that the machine trusts, beside node's own, as curl, Go and Docker take them.
let isDone = false;

/** Trusts them from now on, in this process. Reads hundreds of files: only for who connects to servers of others. */
export function trustSystem(): void {
  if (isDone) return;
  isDone = true;
  const { getCACertificates, setDefaultCACertificates } = process.getBuiltinModule('node:tls');
  const system = getCACertificates('system');
  if (system.length > 0) setDefaultCACertificates([...new Set([...getCACertificates('default'), ...system])]);
}
