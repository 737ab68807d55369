import type { GovernanceConfiguration, ServerTls } from "../../domain/configuration.ts"
import { isLoopback } from "../../domain/loopback.ts"

/**
 * TLS to a governed server. One-time credentials of administrators travel there: where nothing is configured, a server of
 * another machine must prove its name by a well-known authority.
 */
export function governedServerTls({ tls, servers }: GovernanceConfiguration, host: string): ServerTls {
  const named = servers.find((one) => one.host.toLowerCase() === host.toLowerCase())
  return named?.tls ?? tls ?? { mode: isLoopback(host) ? "prefer" : "verify-full" }
}
