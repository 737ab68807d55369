import { setTimeout as sleep } from "node:timers/promises"
import type { DuckDBConnection } from "@duckdb/node-api"
import { newSerialQueue } from "../../../concurrency/serial-queue.ts"
import { quoteIdentifier, quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { AskEngine } from "../rights/relation-names.ts"

/** Moves a session's changes of the catalog from its database's log into the file: see replayable.ts. */
export interface DefinitionFiles {
  /**
   * Returns when the schema is in the file. `ask`: on the session's connection. `isInBlock`: a transaction block is open,
   * which may itself be what is waited for.
   *
   * @throws PgError 0A000 (the schema is not committed), 55006 (others write for longer than is waited)
   */
  hold(schema: string, ask: AskEngine, isInBlock: boolean): Promise<void>
  /** The session has changed the catalog: `committed` has something to do. */
  defined(): void
  /** After the engine's COMMIT: moves what was defined. Does nothing while others write: their log is replayed as ever. */
  committed(): Promise<void>
}

/** Moves the log of a database into its file, one call at a time. False: other transactions write there. @throws Error */
export type Checkpoint = (database: string) => Promise<boolean>

const othersWrite = /Cannot CHECKPOINT/i
const patienceMs = 2_000
const retryMs = 50

/** `connection`: of no session. */
export function checkpointOn(connection: DuckDBConnection): Checkpoint {
  const inTurn = newSerialQueue()
  return (database) =>
    inTurn(async () => {
      try {
        await connection.run(`CHECKPOINT ${quoteIdentifier(database)}`)
        return true
      } catch (error) {
        if (error instanceof Error && othersWrite.test(error.message)) return false
        throw error
      }
    })
}

/** `committedSchemas`: those of the database that every new transaction sees. */
export function definitionFiles(
  database: string,
  checkpoint: Checkpoint,
  committedSchemas: (database: string) => Promise<string[]>,
  onError: (error: unknown) => void,
): DefinitionFiles {
  let isDefined = false

  const has = (schemas: string[], schema: string) =>
    schemas.some((one) => one.toLowerCase() === schema.toLowerCase())

  async function checkpointed(waitMs: number): Promise<boolean> {
    const deadline = performance.now() + waitMs
    for (;;) {
      if (await checkpoint(database)) return true
      if (performance.now() >= deadline) return false
      await sleep(retryMs)
    }
  }

  return {
    async hold(schema, ask, isInBlock) {
      if (!has(await committedSchemas(database), schema)) {
        const seen = await ask(
          `SELECT schema_name FROM duckdb_schemas() WHERE database_name = ${quoteLiteral(database)}`,
        )
        // The engine's own error says that there is none.
        if (!has(seen.flat(), schema)) return
        throw new PgError("0A000", "a type cannot be created in a schema of the same transaction", {
          hint: "Commit CREATE SCHEMA first, or create the type in the schema main.",
        })
      }
      if (await checkpointed(isInBlock ? 0 : patienceMs)) return
      throw new PgError("55006", `transactions that write in database "${database}" are open`, {
        detail: "A type outside the schema main can be created when no other statement has written.",
        hint: "Run CREATE TYPE outside a transaction block, and again when the others have ended.",
      })
    },
    defined: () => {
      isDefined = true
    },
    async committed() {
      if (!isDefined) return
      isDefined = false
      try {
        await checkpoint(database)
      } catch (error) {
        // The change is committed and in the log; the client is told so.
        onError(error)
      }
    },
  }
}
