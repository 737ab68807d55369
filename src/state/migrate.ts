import { type Kysely, sql, type Transaction } from "kysely"
import type { StateSchema } from "./schema.ts"

export interface Migration {
  /** Counts up from 1 without gaps. */
  number: number
  name: string
  statements: readonly string[]
}

/** Any constant does, so long as every Millrace uses the same one. */
const migrationLock = 4_716_021_001

/** A newer Millrace has worked on the database: an older one would not know what its rows mean. */
export class NewerState extends Error {}

/**
 * Brings the schema up to date, one transaction for each migration. Two that start at once take turns: the second
 * waits for the lock, then finds the work done.
 *
 * @throws NewerState
 */
export async function migrate(db: Kysely<StateSchema>, migrations: readonly Migration[]): Promise<void> {
  await db.transaction().execute(prepare)
  for (const migration of migrations) {
    await db.transaction().execute((transaction) => apply(transaction, migration))
  }
  await refuseNewer(db, migrations.length)
}

async function prepare(transaction: Transaction<StateSchema>): Promise<void> {
  await takeTurn(transaction)
  await sql`create schema if not exists millrace`.execute(transaction)
  await sql`create table if not exists millrace.migrations (
    number integer primary key,
    name text not null,
    applied_at timestamptz not null default now()
  )`.execute(transaction)
}

async function apply(transaction: Transaction<StateSchema>, migration: Migration): Promise<void> {
  await takeTurn(transaction)
  const { rows } = await sql`select 1 from millrace.migrations where number = ${migration.number}`.execute(
    transaction,
  )
  if (rows.length > 0) return
  for (const statement of migration.statements) await sql.raw(statement).execute(transaction)
  await sql`insert into millrace.migrations (number, name) values (${migration.number}, ${migration.name})`.execute(
    transaction,
  )
}

async function takeTurn(transaction: Transaction<StateSchema>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${migrationLock})`.execute(transaction)
}

async function refuseNewer(db: Kysely<StateSchema>, known: number): Promise<void> {
  const { rows } = await sql<{
    newest: number | null
  }>`select max(number) as newest from millrace.migrations`.execute(db)
  const newest = rows[0]?.newest ?? 0
  if (newest > known) {
    throw new NewerState(
      `The state database is at version ${newest}, this Millrace knows ${known}: start the newer Millrace, or go back to a copy of the database from before it.`,
    )
  }
}
