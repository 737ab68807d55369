/** What a running Millrace takes over from a configuration that is read again, and what waits for the next start. */
import { isDeepStrictEqual } from "node:util"
import type { Configuration } from "../../domain/configuration.ts"

export interface Reloaded {
  /** What applies now: of keys that need a restart, what was there before. */
  configuration: Configuration
  /** Keys of millrace.yaml that have changed and are taken over. */
  applied: string[]
  /** Keys that have changed and take effect at the next start. */
  restart: string[]
}

/** By key of millrace.yaml: where its value is, and whether a running process takes another one over. */
interface Part {
  key: string
  effect: "applied" | "restart"
  of(configuration: Configuration): unknown
}

const parts: readonly Part[] = [
  { key: "account", effect: "restart", of: ({ account }) => account },
  { key: "region", effect: "restart", of: ({ region }) => region },
  { key: "data_dir", effect: "restart", of: ({ dataDir }) => dataDir },
  { key: "listen.http", effect: "restart", of: ({ listen }) => listen.http },
  { key: "listen.sql", effect: "restart", of: ({ listen }) => listen.sql },
  { key: "listen.health", effect: "restart", of: ({ listen }) => listen.health },
  { key: "listen.worker_health", effect: "restart", of: ({ listen }) => listen.workerHealth },
  { key: "listen.tls", effect: "applied", of: ({ listen }) => listen.tls },
  { key: "state", effect: "restart", of: ({ stateUrl }) => stateUrl },
  { key: "log", effect: "restart", of: ({ log }) => log },
  { key: "credentials", effect: "applied", of: ({ credentials }) => credentials },
  { key: "sql_users", effect: "applied", of: ({ sqlUsers }) => sqlUsers },
  { key: "sql_limits", effect: "restart", of: ({ sqlLimits }) => sqlLimits },
  { key: "http_limits", effect: "applied", of: ({ httpLimits }) => httpLimits },
  { key: "sources", effect: "applied", of: ({ sources }) => sources },
  { key: "warehouses", effect: "restart", of: ({ warehouses }) => warehouses },
  { key: "kms_keys", effect: "restart", of: ({ kmsKeys }) => kmsKeys },
  { key: "throttling", effect: "applied", of: ({ throttling }) => throttling },
  { key: "audit", effect: "applied", of: ({ audit }) => audit },
  { key: "quotas", effect: "applied", of: ({ quotas }) => quotas },
  { key: "governance", effect: "restart", of: ({ governance }) => governance },
  { key: "console", effect: "restart", of: (one) => one.console },
  { key: "profiles", effect: "restart", of: ({ profiles }) => profiles },
  { key: "events", effect: "restart", of: ({ webhook }) => webhook },
  { key: "alerts", effect: "applied", of: ({ alerts }) => alerts },
  { key: "profile_webhooks", effect: "restart", of: ({ profileWebhooks }) => profileWebhooks },
  { key: "verify", effect: "restart", of: ({ verifyEveryMs }) => verifyEveryMs },
  { key: "isolation", effect: "restart", of: ({ engineMemoryBytes }) => engineMemoryBytes },
]

/**
 * @param path of a key as the reference page has it, such as `listen.tls.cert` or `sources[].url`
 * @returns `mixed`: a block whose keys differ
 * @throws for a key of which nothing is known here
 */
export function effectOnReload(path: string): Part["effect"] | "mixed" {
  const isIn = ({ key }: Part) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`)
  const found = parts.find(isIn)?.effect
  if (found !== undefined) return found
  if (parts.some(({ key }) => key.startsWith(`${path}.`))) return "mixed"
  throw new Error(`what a reload does with ${path} is not said`)
}

/** What `next` changes of `current`. */
export function reloaded(current: Configuration, next: Configuration): Reloaded {
  const changed = parts.filter(({ of }) => !isDeepStrictEqual(of(current), of(next)))
  const keysOf = (effect: Part["effect"]) =>
    changed.filter((part) => part.effect === effect).map(({ key }) => key)
  const { credentials, sqlUsers, httpLimits, sources, throttling, audit, quotas, alerts } = next
  const { tls: _old, ...ports } = current.listen
  const listen = { ...ports, ...(next.listen.tls && { tls: next.listen.tls }) }
  return {
    configuration: {
      ...current,
      ...{ credentials, sqlUsers, httpLimits, sources, throttling, audit, quotas, alerts, listen },
    },
    applied: keysOf("applied"),
    restart: keysOf("restart"),
  }
}

/**
 * Takes over, in place, what a running process takes over: its parts hold these lists and blocks. An entry of `sources` or `sql_users` that has not
 * changed stays the same object, so that parts know by it what has.
 */
export function takeOver(current: Configuration, next: Configuration): void {
  replace(current.sources, next.sources)
  replace(current.credentials, next.credentials)
  replace(current.sqlUsers, next.sqlUsers)
  Object.assign(current.httpLimits, next.httpLimits)
  Object.assign(current.throttling, next.throttling)
  Object.assign(current.audit, next.audit)
  Object.assign(current.quotas, next.quotas)
  current.alerts = next.alerts
  const { tls: _old, ...ports } = current.listen
  current.listen = { ...ports, ...(next.listen.tls && { tls: next.listen.tls }) }
}

function replace<T>(list: T[], next: readonly T[]): void {
  const kept = next.map((one) => list.find((old) => isDeepStrictEqual(old, one)) ?? one)
  list.splice(0, list.length, ...kept)
}
