import type { DuckDBConnection } from "@duckdb/node-api"
import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import type { PositionChange } from "../sql/position.ts"
import { problemOf } from "./errors.ts"
import type { Fence } from "./fence.ts"

/**
 * Runs statements as one transaction, with what becomes of the position. `doing` completes "while …" in the Problem thrown;
 * TakenOver where the fence refuses.
 */
export type Transactions = (
  statements: readonly string[],
  doing: string,
  position?: PositionChange,
) => Promise<void>

/**
 * Transactions on one connection, one after another: interleaved statements of two would be one transaction to the engine.
 */
export function newTransactions(connection: DuckDBConnection, fence: Fence): Transactions {
  const inTurn = newSerialQueue()
  const run = async (statements: readonly string[], doing: string, position?: PositionChange) => {
    try {
      await fence.begin(connection, position)
      await connection.run([...statements, "COMMIT"].join(";\n"))
    } catch (error) {
      // A ROLLBACK that fails is fine: the statement that failed may have ended the transaction already.
      await connection.run("ROLLBACK").catch(() => undefined)
      throw problemOf(error, doing)
    }
  }
  return (statements, doing, position) => inTurn(() => run(statements, doing, position))
}
