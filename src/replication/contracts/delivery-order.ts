/**
 * The order in which every source delivers: rows come inside transactions, and each transaction ends behind the one before it.
 * Exactness depends on it. If a source broke it, rows would be applied twice, or without the position that they belong to. So the
 * stream ends before any of them is applied. It also ends at bytes that cannot be decoded: nothing behind them is applied.
 */
import { type Position, shownPosition } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import { qualifiedName, type TableSchema } from "../../domain/table.ts"

/** Rows came between transactions: nothing would say up to where the warehouse has them. The next attempt reads them anew. */
export function outsideTransaction(table: TableSchema): Problem {
  return new Problem(
    "sourceProtocol",
    `Rows of ${qualifiedName(table)} came outside of a transaction; they are read again.`,
  )
}

/** A transaction began inside another one, whose end was lost: its rows would be taken for the other's. */
export function insideTransaction(): Problem {
  return new Problem(
    "sourceProtocol",
    "A transaction began before the one before it had ended; both are read again.",
  )
}

/** `reached`: the end of the transaction before, or where the stream began. Only a resync is certain to be right then. */
export function comesAgain(position: Position, reached: Position): Problem {
  return new Problem(
    "sourceRestored",
    `A transaction came that ends at ${shownPosition(position)}, not behind ${shownPosition(reached)}, which was reached before.`,
  )
}

/**
 * `take` is not called again after it has thrown: what a source sent behind a change that could not be decoded would be applied
 * without that change, and the position would move past it. A destroyed socket still gives chunks that it has read ahead.
 */
export function untilItThrows(take: (chunk: Buffer) => void): (chunk: Buffer) => void {
  let hasThrown = false
  return (chunk) => {
    if (hasThrown) return
    try {
      take(chunk)
    } catch (error) {
      hasThrown = true
      throw error
    }
  }
}
