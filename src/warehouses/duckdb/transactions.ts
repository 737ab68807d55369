import type { DuckDBConnection } from "@duckdb/node-api"
import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import { problemOf } from "./errors.ts"

/** Runs statements as one transaction. `doing` completes "while …" in the Problem thrown. */
export type Transactions = (statements: string[], doing: string) => Promise<void>

/** Transactions on one connection, one after another: statements of two must not mix. */
export function newTransactions(connection: DuckDBConnection): Transactions {
  const inTurn = newSerialQueue()
  const run = async (statements: string[], doing: string) => {
    try {
      await connection.run(["BEGIN", ...statements, "COMMIT"].join(";\n"))
    } catch (error) {
      // The statement that failed has ended the transaction, or not: both are fine.
      await connection.run("ROLLBACK").catch(() => undefined)
      throw problemOf(error, doing)
    }
  }
  return (statements, doing) => inTurn(() => run(statements, doing))
}
