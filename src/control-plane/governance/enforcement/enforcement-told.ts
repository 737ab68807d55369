import type { Store } from "../../../state/store.ts"
import type { ReconcilerLog } from "../../log.ts"
import type { EnforcedDatabase } from "./governed-database.ts"

/** Records how policies hold in the databases of one server, for all processes. */
export interface Teller {
  /** What is wrong is said when it begins and when it ends; that it was looked at, each time. Never rejects. */
  tell(now: EnforcedDatabase): Promise<void>
  /** Of a database that is gone. */
  forget(database: string): Promise<void>
}

export interface TellerOptions {
  targetArn: string
  store: Pick<Store, "policyEnforcement">
  log: ReconcilerLog
}

export function newTeller({ targetArn, store, log }: TellerOptions): Teller {
  const told = new Map<string, { text: string; problems: string; seenAtMs: number }>()

  async function tell({ seenAtMs, ...now }: EnforcedDatabase): Promise<void> {
    const { database, problems } = now
    const before = told.get(database)
    const text = JSON.stringify(now)
    if (before?.text === text && before.seenAtMs === seenAtMs) return
    await store.policyEnforcement.tell({ targetArn, ...now })
    told.set(database, { text, problems: problems.join("; "), seenAtMs })
    if (problems.join("; ") === (before?.problems ?? "")) return
    if (problems.length > 0) log.error({ database, problems }, "policies do not hold as they should")
    else log.info({ database }, "policies hold")
  }

  return {
    tell: (now) =>
      tell(now).catch((error: unknown) =>
        log.warn({ reason: String(error) }, "how policies hold could not be recorded"),
      ),
    async forget(database) {
      told.delete(database)
      await store.policyEnforcement.forget(targetArn, database)
    },
  }
}
