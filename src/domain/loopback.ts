/**
 * Whether a host of the configuration, or a peer's address as a socket gives it, is this machine itself. IPv4 addresses may come
 * mapped into IPv6 (`::ffff:127.0.0.1`), as they do on a listener of both.
 */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^::ffff:/i, "")
  return address === "localhost" || address === "::1" || /^127(\.[0-9]{1,3}){3}$/.test(address)
}
