import { governanceKeys } from "../configuration/secrets/governance-key.ts"
import { SetupError } from "../configuration/setup-error.ts"
import { connectionFaultOf } from "../connections/pg-client.ts"
import type { Configuration } from "../domain/configuration.ts"
import { keptKeys } from "../encryption/kept-key.ts"
import { newKeyRing } from "../encryption/key-ring.ts"
import { NewerState } from "../state/migrate.ts"
import { openStore, type Store } from "../state/store.ts"
import { errorFields, type Log } from "../wire/http/log.ts"

const explainLimitMs = 5_000

/** @throws SetupError that says where and why, and repeats no password. */
export async function openStateStore(
  url: string,
  configuration: Pick<Configuration, "audit" | "quotas" | "dataDir" | "kmsKeys" | "account" | "region">,
  log: Log,
): Promise<Store> {
  const { audit: auditRetention, quotas } = configuration
  const secretKeys = keptKeys(
    async () => {
      const { current, all } = await governanceKeys(configuration)
      return { ring: newKeyRing(all), keyArn: current.arn }
    },
    { purpose: "secrets of governance policies" },
  )
  try {
    return await openStore(url, {
      secretKeys,
      auditRetention,
      quotas,
      onIdleError: (error) => log.warn(errorFields(error), "a connection to the state database broke"),
    })
  } catch (error) {
    if (error instanceof NewerState) throw new SetupError(error.message, { cause: error })
    const { host, pathname } = new URL(url)
    const known = await connectionFaultOf({ url, connectionTimeoutMillis: explainLimitMs })
    const reason =
      known?.message ?? (error instanceof Error ? error.message.split("\n", 1)[0] : String(error))
    throw new SetupError(
      `The state database ${host}${pathname} cannot be used: ${reason} Start it, or correct \`state\` in the configuration.`,
      { cause: error },
    )
  }
}
