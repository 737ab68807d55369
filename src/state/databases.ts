import { type Kysely, sql } from "kysely"
import { type DatabaseOptions, defaultDatabaseOptions } from "../domain/database-options.ts"
import { Fault } from "../domain/faults.ts"
import type { IntegrationStatus } from "../domain/integration.ts"
import { brokenConstraint } from "./connection.ts"
import type { DestinationRow, StateSchema } from "./schema.ts"

/** A destination database: one source database's rows go there. */
export interface DatabaseRecord {
  integrationId: string
  targetArn: string
  sourceDatabase: string
  name: string
  options: DatabaseOptions
  /** The SQL user who made it; undefined: Millrace made it with the integration. */
  owner: string | undefined
  createdAt: Date
}

export interface NewDatabase extends Omit<DatabaseRecord, "targetArn" | "createdAt" | "owner"> {
  owner: string
  /** The integration must be in one of these. */
  statuses: readonly IntegrationStatus[]
}

export interface DatabaseStore {
  /** By name of the source database. */
  ofIntegration(integrationId: string): Promise<DatabaseRecord[]>
  all(): Promise<DatabaseRecord[]>
  /** Source databases, by integration, that wait for a database. */
  waiting(): Promise<{ integrationId: string; sourceDatabase: string }[]>
  byName(targetArn: string, name: string): Promise<DatabaseRecord | undefined>
  /**
   * Gives a waiting source database its destination; of several at once one wins. False when it does not wait, or its
   * integration is gone or in another status.
   *
   * @throws Fault integrationExists when the name is taken.
   */
  create(database: NewDatabase): Promise<boolean>
  /** From now on its source database waits again. False when there was none of this name. */
  remove(targetArn: string, name: string): Promise<boolean>
  /** Undefined when there is none of this name. */
  setOptions(
    targetArn: string,
    name: string,
    options: Partial<DatabaseOptions>,
  ): Promise<DatabaseRecord | undefined>
}

type Db = Kysely<StateSchema>

export function databaseStore(db: Db): DatabaseStore {
  const select = () =>
    db.selectFrom("destinations").selectAll().orderBy("integration_id").orderBy("source_database")
  const named = (targetArn: string, name: string) =>
    select().where("target_arn", "=", targetArn).where("destination_database", "=", name)
  return {
    ofIntegration: async (id) =>
      (await select().where("integration_id", "=", id).execute()).flatMap((row) => fromRow(row) ?? []),
    all: async () => (await select().execute()).flatMap((row) => fromRow(row) ?? []),
    waiting: async () =>
      (await select().where("destination_database", "is", null).execute()).map((row) => ({
        integrationId: row.integration_id,
        sourceDatabase: row.source_database,
      })),
    byName: async (targetArn, name) => fromRow(await named(targetArn, name).executeTakeFirst()),
    create: (database) => create(db, database),
    remove: async (targetArn, name) => {
      const { numUpdatedRows } = await db
        .updateTable("destinations")
        .set({ destination_database: null, connected_at: null, owner: null, options: json({}) })
        .where("target_arn", "=", targetArn)
        .where("destination_database", "=", name)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    setOptions: async (targetArn, name, options) =>
      fromRow(
        await db
          .updateTable("destinations")
          .set({ options: sql`options || ${json(options)}` })
          .where("target_arn", "=", targetArn)
          .where("destination_database", "=", name)
          .returningAll()
          .executeTakeFirst(),
      ),
  }
}

async function create(db: Db, database: NewDatabase): Promise<boolean> {
  try {
    const { numUpdatedRows } = await db
      .updateTable("destinations")
      .set({
        destination_database: database.name,
        options: json(database.options),
        owner: database.owner,
        connected_at: new Date(),
      })
      .where("integration_id", "=", database.integrationId)
      .where("source_database", "=", database.sourceDatabase)
      .where("destination_database", "is", null)
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom("integrations")
            .select("id")
            .where("id", "=", database.integrationId)
            .where("status", "in", database.statuses),
        ),
      )
      .executeTakeFirst()
    return numUpdatedRows > 0n
  } catch (error) {
    if (brokenConstraint(error) !== "destinations_name") throw error
    throw new Fault("integrationExists", `database "${database.name}" already exists`)
  }
}

/** The driver would write a JavaScript object's members as its own text. */
function json(value: Partial<DatabaseOptions>) {
  return sql<Partial<DatabaseOptions>>`${JSON.stringify(value)}::jsonb`
}

/** Undefined for one that waits. */
function fromRow(row: DestinationRow | undefined): DatabaseRecord | undefined {
  if (row === undefined || row.destination_database === null || row.connected_at === null) return undefined
  return {
    integrationId: row.integration_id,
    targetArn: row.target_arn,
    sourceDatabase: row.source_database,
    name: row.destination_database,
    options: { ...defaultDatabaseOptions, ...row.options },
    owner: row.owner ?? undefined,
    createdAt: row.connected_at,
  }
}
