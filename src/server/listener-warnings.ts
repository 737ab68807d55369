import type { Configuration } from "../domain/configuration.ts"
import { isLoopback } from "../domain/loopback.ts"

/** What these listeners show to a network without TLS: sentences for the log. */
export function listenerWarnings({
  http,
  sql,
  health,
  workerHealth,
  tls,
}: Partial<Configuration["listen"]>): string[] {
  const found: string[] = []
  if (http !== undefined && !isLoopback(http.host))
    found.push(
      "listen.http is open to other machines and has no TLS: what is asked and answered can be read on the way, /metrics by anybody. Put a proxy with TLS in front, or listen on 127.0.0.1.",
    )
  if (health !== undefined && !isLoopback(health.host))
    found.push("listen.health is open to other machines: /metrics can be read there by anybody.")
  if (workerHealth !== undefined && !isLoopback(workerHealth.host))
    found.push("listen.worker_health is open to other machines: /metrics can be read there by anybody.")
  if (sql !== undefined && !isLoopback(sql.host) && tls?.unencrypted === "anywhere")
    found.push(
      "listen.sql is open to other machines, and listen.tls.unencrypted lets them come without TLS: rows can be read on the way.",
    )
  return found
}
