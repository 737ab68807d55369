import { type Kysely, sql } from "kysely"
import { type Lease, leasesOf, writeAsOwner } from "./leases.ts"
import type { PipelineRow, StateSchema } from "./schema.ts"

/**
 * A pipeline moves one source database into one destination database on behalf of an integration
 * (a PostgreSQL integration whose filter names two databases has two).
 */
export interface PipelineRecord {
  integrationId: string
  sourceDatabase: string
  destinationDatabase: string
  /** What the source calls our reading place (a replication slot and a publication, say): recorded before it is made, so it is never leaked. */
  sourceHandle: string
}

/** `by`: the pipeline's owner; LeaseLost is thrown when another owns it. */
export interface PipelineStore {
  /** Records that it is launched, and replaces the record of the same integration and source database. */
  put(record: PipelineRecord, by?: Lease): Promise<void>
  /** By name of the source database. */
  ofIntegration(integrationId: string): Promise<PipelineRecord[]>
  all(): Promise<PipelineRecord[]>
  /** Repeatable. */
  remove(integrationId: string, sourceDatabase: string, by?: Lease): Promise<void>
}

export function pipelineStore(db: Kysely<StateSchema>): PipelineStore {
  const select = () =>
    db.selectFrom("pipelines").selectAll().orderBy("integration_id").orderBy("source_database")
  return {
    put: (record, by) => writeAsOwner(db, leasesOf(by), (transaction) => put(transaction, record)),
    ofIntegration: async (id) => (await select().where("integration_id", "=", id).execute()).map(fromRow),
    all: async () => (await select().execute()).map(fromRow),
    remove: (integrationId, sourceDatabase, by) =>
      writeAsOwner(db, leasesOf(by), async (transaction) => {
        await transaction
          .deleteFrom("pipelines")
          .where("integration_id", "=", integrationId)
          .where("source_database", "=", sourceDatabase)
          .execute()
      }),
  }
}

async function put(db: Kysely<StateSchema>, record: PipelineRecord): Promise<void> {
  const rest = {
    destination_database: record.destinationDatabase,
    source_handle: record.sourceHandle,
    launched_at: sql<Date>`clock_timestamp()`,
  }
  await db
    .insertInto("pipelines")
    .values({ integration_id: record.integrationId, source_database: record.sourceDatabase, ...rest })
    .onConflict((conflict) => conflict.columns(["integration_id", "source_database"]).doUpdateSet(rest))
    .execute()
}

function fromRow(row: PipelineRow): PipelineRecord {
  return {
    integrationId: row.integration_id,
    sourceDatabase: row.source_database,
    destinationDatabase: row.destination_database,
    sourceHandle: row.source_handle,
  }
}
