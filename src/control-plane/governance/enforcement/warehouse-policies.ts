import { startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import type { PolicyServer } from "../../../engines/policy-server.ts"
import type { Store } from "../../../state/store.ts"
import type { DutyWork, Held } from "../../duties/duty.ts"
import type { ReconcilerLog } from "../../log.ts"
import { settleRules } from "../data/sources.ts"
import { newTeller } from "./enforcement-told.ts"
import type { GovernanceWatch, KnownGovernance } from "./governance-watch.ts"
import { type GovernedDatabase, newGovernedDatabase } from "./governed-database.ts"
import { readPolicy } from "./read-policy.ts"
import { wantedBy } from "./wanted-policies.ts"

export interface WarehousePoliciesOptions {
  targetArn: string
  server: PolicyServer
  store: Pick<Store, "governance" | "databases" | "policyEnforcement">
  /** Of the installation: see WantedPolicies. */
  installation: string
  watch: GovernanceWatch
  log: ReconcilerLog
  held: Held
  everyMs?: number
  lookEveryMs?: number
  probeEveryMs?: number
}

/**
 * Keeps the databases of a warehouse whose own server applies policies as policies say: one process does, by its duty. Also where
 * nothing is governed: until a database knows that, Millrace lets nobody read new tables there.
 */
export function startWarehousePolicies(options: WarehousePoliciesOptions): DutyWork {
  const { watch, store, installation, log, held, everyMs = 200, lookEveryMs = 1_000 } = options
  const databases = newGovernedDatabases(options)
  let of: { known: KnownGovernance; wanted: ReturnType<typeof wantedBy> } | undefined
  let listedAtMs = Number.NEGATIVE_INFINITY

  async function work(): Promise<void> {
    const known = watch.now()
    // What was applied goes on to hold.
    if (known.kind === "unknown" || !held.isHeld()) return
    if (of?.known !== known) of = { known, wanted: wantedBy({ known, installation, readPolicy }) }
    if (performance.now() - listedAtMs >= lookEveryMs) {
      await databases.list()
      if (known.facts.rules.length > 0) await settleRules(store.governance)
      listedAtMs = performance.now()
    }
    if ((await databases.keep(known, of.wanted)) === "changed") await watch.refresh()
  }

  const onError = (error: unknown) => log.warn({ reason: reasonOf(error) }, failed)
  const task = startPeriodicTask({ everyMs, work, onError })
  return {
    async stop() {
      await task.stop()
      await databases.close()
    },
  }
}

const failed = "policies could not be applied; trying again"

/** Those of one warehouse, each kept by itself: one that cannot be asked holds none of the others up. */
function newGovernedDatabases(options: WarehousePoliciesOptions) {
  const { targetArn, server, store, log, held, lookEveryMs = 1_000, probeEveryMs = 60_000 } = options
  const databases = new Map<string, GovernedDatabase>()
  const told = newTeller({ targetArn, store, log })

  async function keepOne(
    database: GovernedDatabase,
    ...now: Parameters<GovernedDatabase["keep"]>
  ): Promise<"kept" | "changed"> {
    try {
      return await database.keep(...now)
    } catch (error) {
      log.warn({ database: database.now().database, reason: reasonOf(error) }, failed)
      return "kept"
    } finally {
      await told.tell(database.now())
    }
  }

  return {
    async list(): Promise<void> {
      const all = await store.databases.all()
      const names = new Set(all.filter((one) => one.targetArn === targetArn).map(({ name }) => name))
      for (const [name, database] of databases) {
        if (names.has(name)) continue
        databases.delete(name)
        await database.close()
        await told.forget(name)
      }
      for (const database of names) {
        if (databases.has(database)) continue
        const parts = { database, server, store: store.governance, isHeld: held.isHeld }
        databases.set(database, newGovernedDatabase({ ...parts, lookEveryMs, probeEveryMs }))
      }
    },
    async keep(...now: Parameters<GovernedDatabase["keep"]>): Promise<"kept" | "changed"> {
      const results = await Promise.all([...databases.values()].map((one) => keepOne(one, ...now)))
      return results.includes("changed") ? "changed" : "kept"
    },
    async close(): Promise<void> {
      for (const database of databases.values()) await database.close()
    },
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
