import type { Kysely } from "kysely"
import type { StateSchema } from "./schema.ts"

/** What a pipeline of a deleted integration has left at a source that did not answer. */
export interface SourceRemains {
  sourceArn: string
  sourceDatabase: string
  /** See PipelineRecord. */
  sourceHandle: string
}

export interface SourceRemainsStore {
  /** Repeatable. */
  put(remains: SourceRemains): Promise<void>
  all(): Promise<SourceRemains[]>
  /** Repeatable. */
  remove(sourceHandle: string): Promise<void>
}

export function sourceRemainsStore(db: Kysely<StateSchema>): SourceRemainsStore {
  return {
    async put({ sourceArn, sourceDatabase, sourceHandle }) {
      await db
        .insertInto("source_remains")
        .values({ source_handle: sourceHandle, source_arn: sourceArn, source_database: sourceDatabase })
        .onConflict((conflict) => conflict.column("source_handle").doNothing())
        .execute()
    },
    async all() {
      const rows = await db.selectFrom("source_remains").selectAll().orderBy("source_handle").execute()
      return rows.map((row) => ({
        sourceArn: row.source_arn,
        sourceDatabase: row.source_database,
        sourceHandle: row.source_handle,
      }))
    },
    async remove(sourceHandle) {
      await db.deleteFrom("source_remains").where("source_handle", "=", sourceHandle).execute()
    },
  }
}
