import type { Kysely, Transaction } from "kysely"
import type { TableState } from "../domain/table.ts"
import { cut, messageAtMost } from "../domain/text-forms/plain-text.ts"
import { brokenConstraint } from "./connection.ts"
import { type Lease, leasesOf, writeAsOwner } from "./leases.ts"
import type { StateSchema, TableRow } from "./schema.ts"

/** What was last known of a replicated table. */
export interface TableRecord {
  integrationId: string
  sourceDatabase: string
  /** The source's lasting id of the table. */
  tableId: string
  schema: string
  name: string
  state: TableState
  /** Why it failed or must be resynced; null when it is well. */
  reason: string | null
  /** Names of the key's columns; empty when the table has no key. */
  keyColumns: string[]
  /** Rows its last snapshot brought; null while none has finished. */
  snapshotRows: number | null
  /** The latest comparison with the source; null when there was none since it was copied. */
  verified: VerifiedAt | null
  updatedAt: Date
}

export interface VerifiedAt {
  /** In the source's history. */
  position: string
  at: Date
  /** Rows found to differ. */
  differences: number
  /** Rows found in the warehouse that are copies of others. */
  duplicates: number
}

/** Writes for an integration that is gone meanwhile are dropped: a pipeline's last report may come late. */
export interface TableStore {
  /**
   * Replaces everything known of one source database. Every row is of that integration and database. `by`: the pipeline's owner.
   *
   * @throws LeaseLost when another owns the pipeline.
   */
  replaceAll(
    integrationId: string,
    sourceDatabase: string,
    rows: readonly TableRecord[],
    by?: Lease,
  ): Promise<void>
  set(row: TableRecord): Promise<void>
  /** By source database, schema and name. */
  ofIntegration(integrationId: string): Promise<TableRecord[]>
  all(): Promise<TableRecord[]>
  /** Repeatable. */
  removeIntegration(integrationId: string): Promise<void>
}

/** Thirteen columns each, far below the 65,535 parameters a statement may have. */
const rowsPerInsert = 1_000

type Db = Kysely<StateSchema>

export function tableStore(db: Db): TableStore {
  const select = () =>
    db
      .selectFrom("tables")
      .selectAll()
      .orderBy("integration_id")
      .orderBy("source_database")
      .orderBy("schema")
      .orderBy("name")
      .orderBy("table_id")
  return {
    replaceAll: (integrationId, sourceDatabase, rows, by) =>
      droppingLate(() =>
        writeAsOwner(db, leasesOf(by), (transaction) =>
          replaceAll(transaction, integrationId, sourceDatabase, rows),
        ),
      ),
    set: (row) => droppingLate(() => set(db, row)),
    ofIntegration: async (id) => (await select().where("integration_id", "=", id).execute()).map(fromRow),
    all: async () => (await select().execute()).map(fromRow),
    removeIntegration: async (id) => {
      await db.deleteFrom("tables").where("integration_id", "=", id).execute()
    },
  }
}

async function droppingLate(write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (brokenConstraint(error) !== "tables_integration_id_fkey") throw error
  }
}

async function replaceAll(
  transaction: Transaction<StateSchema>,
  integrationId: string,
  sourceDatabase: string,
  rows: readonly TableRecord[],
): Promise<void> {
  await transaction
    .deleteFrom("tables")
    .where("integration_id", "=", integrationId)
    .where("source_database", "=", sourceDatabase)
    .execute()
  for (let start = 0; start < rows.length; start += rowsPerInsert) {
    const part = rows.slice(start, start + rowsPerInsert).map(toRow)
    await transaction.insertInto("tables").values(part).execute()
  }
}

async function set(db: Db, record: TableRecord): Promise<void> {
  const { integration_id, source_database, table_id, ...rest } = toRow(record)
  await db
    .insertInto("tables")
    .values({ integration_id, source_database, table_id, ...rest })
    .onConflict((conflict) =>
      conflict.columns(["integration_id", "source_database", "table_id"]).doUpdateSet(rest),
    )
    .execute()
}

function toRow(record: TableRecord): TableRow {
  return {
    integration_id: record.integrationId,
    source_database: record.sourceDatabase,
    table_id: record.tableId,
    schema: record.schema,
    name: record.name,
    state: record.state,
    reason: record.reason === null ? null : cut(record.reason, messageAtMost),
    key_columns: record.keyColumns,
    snapshot_rows: record.snapshotRows === null ? null : String(record.snapshotRows),
    verified_position: record.verified?.position ?? null,
    verified_at: record.verified?.at ?? null,
    verified_differences: record.verified === null ? null : String(record.verified.differences),
    verified_duplicates: String(record.verified?.duplicates ?? 0),
    updated_at: record.updatedAt,
  }
}

function fromRow(row: TableRow): TableRecord {
  return {
    integrationId: row.integration_id,
    sourceDatabase: row.source_database,
    tableId: row.table_id,
    schema: row.schema,
    name: row.name,
    state: row.state,
    reason: row.reason,
    keyColumns: row.key_columns,
    snapshotRows: row.snapshot_rows === null ? null : Number(row.snapshot_rows),
    verified: verifiedFrom(row),
    updatedAt: row.updated_at,
  }
}

function verifiedFrom(row: TableRow): VerifiedAt | null {
  const { verified_position: position, verified_at: at, verified_differences: differences } = row
  if (position === null || at === null) return null
  return { position, at, differences: Number(differences), duplicates: Number(row.verified_duplicates) }
}
