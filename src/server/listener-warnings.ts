import { type Configuration, httpUnencrypted } from "../domain/configuration.ts"
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
  if (http !== undefined && !isLoopback(http.host) && httpUnencrypted(tls) === "anywhere")
    found.push(
      "listen.http is open to other machines, also without TLS: what they ask and are answered so can be read on the way, /metrics by anybody. Set listen.tls.http_unencrypted: loopback, or listen on 127.0.0.1.",
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
