import { type Kysely, sql, type Transaction } from "kysely"
import type { StateSchema } from "../schema.ts"

/** Inside one transaction. */
export type Db = Transaction<StateSchema>

/** A change that is being made: the version that it will have, once it is committed. */
export interface Change {
  db: Db
  version: number
}

/**
 * Runs a change of governance. Raising the version comes first and locks it, so changes are made one after another: what a
 * change reads holds until it is committed, and whoever has seen a version has seen every change up to it.
 *
 * @throws what `run` throws; then nothing has changed.
 */
export function inChange<T>(db: Kysely<StateSchema>, run: (change: Change) => Promise<T>): Promise<T> {
  return db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ version: string }>`
      update millrace.governance_version set version = version + 1 returning version`.execute(transaction)
    return run({ db: transaction, version: Number(rows[0]?.version) })
  })
}

/** Runs reads that see one moment. */
export function inSnapshot<T>(db: Kysely<StateSchema>, run: (db: Db) => Promise<T>): Promise<T> {
  return db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute(run)
}

/** Marks people as changed: all, or those whose id is selected by `ids`. */
export async function touchPeople({ db, version }: Change, ids: ReturnType<typeof sql>): Promise<void> {
  await sql`update millrace.governed_people set changed_in = ${version}::bigint where id in (${ids})`.execute(
    db,
  )
}
