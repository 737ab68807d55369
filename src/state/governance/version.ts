import { type Kysely, sql } from "kysely"
import type { StateSchema } from "../schema.ts"
import { settleExpiries } from "./subscriptions.ts"
import { inChange } from "./transactions.ts"

/** The version of now. A subscription whose time is over ends here, as a change: nobody else tells that time has passed. */
export async function currentVersion(db: Kysely<StateSchema>): Promise<number> {
  const { rows } = await sql<{ version: string; due: boolean }>`
    select version, exists (
      select from millrace.subscriptions where expires_at <= now() and state not in ('expired', 'denied')
    ) as due from millrace.governance_version`.execute(db)
  const [row] = rows
  if (row?.due !== true) return Number(row?.version)
  return inChange(db, async (change) => {
    await settleExpiries(change)
    return change.version
  })
}
