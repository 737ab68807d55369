import { pause } from "../../concurrency/deadline.ts"
import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import { planAdoption } from "../../replication/batch/plan.ts"
import {
  droppedInPlaceOf,
  isPlaceOfOthers,
  occupiedByOthers,
  occupiedByVersions,
} from "../../replication/batch/room.ts"
import { TakenOver } from "../../replication/contracts/taken-over.ts"
import type { TableLoad } from "../../replication/contracts/warehouse.ts"
import type { RowBuffer } from "../../replication/values/columns.ts"
import { placeRefusal } from "./altered-table.ts"
import type { Session } from "./client.ts"
import { type CopyEncoder, newCopyEncoder } from "./copy/copy-encoder.ts"
import { orProblem, problemOf, unsentRefusal, valueRefusal } from "./errors.ts"
import { copyFence, fenceCopy } from "./fence.ts"
import { place } from "./naming.ts"
import { type OpenDestination, runPlan } from "./open-destination.ts"
import { quoteIdentifier } from "./quoting.ts"
import { applyActions } from "./render/apply-sql.ts"
import { makeSchema } from "./render/grants.ts"
import { addKey } from "./render/keys.ts"
import { holdPlace } from "./render/routines.ts"
import { standing, versionDefinitions } from "./render/versioned-tables.ts"
import { newStageTables } from "./staging/stage-tables.ts"
import { newTransactions, readersTurnMs, type Transactions } from "./transactions.ts"
import { nativeType } from "./types/native-type.ts"

// While one part goes to the server the next is packed; more would only fill memory when the server is the slower side.
const maxWaitingParts = 2
/** For the swap itself, after nobody was in its way. Then the snapshot begins anew. */
const lockTries = 20

/**
 * Copies a table beside the live one, on a session of its own. The key is built when all rows are there. `since`: as of when
 * the rows are, where versions are to be kept.
 */
export async function beginTableLoad(
  open: OpenDestination,
  table: TableSchema,
  since: Date | undefined,
): Promise<TableLoad> {
  const { names, pipeline, generation, books, staging, transactions } = open
  const label = `${table.schema}.${table.name}`
  const refusal = names.refusal(table)
  if (refusal !== undefined) throw new Problem("tableFailed", refusal)
  await refuseOccupied(open, table)
  const copy = names.loading(table)
  const fenced = { names, pipeline, generation, copy: place(table) }
  const statements = [
    ...fenceCopy(fenced),
    ...makeSchema(names, table.schema),
    ...makeCopy(copy, table, since),
  ]
  await transactions.run({ statements }, `making ${label}`)
  const session = await loadingSession(open)
  const locks = open.watchLocks(session)
  const loading = newTransactions({ session, fence: copyFence(fenced), staging, locks })
  const hold = holdPlace(names, names.live(table))
  const encoder = newCopyEncoder(table.columns)
  const { format, header, trailer } = encoder.form
  const list = table.columns.map(({ name }) => quoteIdentifier(name)).join(", ")
  let waiting: Buffer[] = []
  let running: Promise<void> | undefined
  let failure: unknown
  let isOver = false
  let hasKey = false

  async function loadWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const copies = [{ into: `${copy} (${list})`, format, chunks: [header, ...waiting, trailer] }]
      waiting = []
      await loading.run({ statements: [], copies }, `loading ${label}`)
    }
  }

  function kick(): void {
    running ??= loadWaiting()
      .catch((error) => {
        failure = failureOf(error)
      })
      .finally(() => {
        running = undefined
      })
  }

  async function settled(): Promise<void> {
    // A part may have come just as the loader found none left.
    while (failure === undefined && (waiting.length > 0 || running !== undefined)) {
      kick()
      await running
    }
    if (failure !== undefined) throw failure
    if (hasKey) return
    hasKey = true
    const keyed = { statements: addKey(copy, table, since !== undefined) }
    await loading.run(keyed, `indexing ${label}`).catch((error) => {
      throw failureOf(error)
    })
  }

  return {
    async write(rows) {
      if (failure !== undefined) throw failure
      waiting.push(encoded(encoder, table, rows))
      kick()
      while (waiting.length >= maxWaitingParts && running !== undefined) await running
    },
    settled,
    untilClear: (signal) => settled().then(() => locks.during(() => untilClear(loading, hold, signal))),
    async apply(changes) {
      await settled()
      const stages = newStageTables()
      const statements = applyActions({ stages, leastMerged: open.leastMerged }, copy, changes)
      await transactions.run({ stages: stages.all, statements }, `completing ${label}`)
      await staging.remove([...changes.parts, ...(changes.commits === undefined ? [] : [changes.commits])])
    },
    async finish() {
      await settled()
      // Somebody may have put something there since the copy began.
      await refuseOccupied(open, table)
      const held = await books.tables()
      const versions = await books.versions()
      const steps = planAdoption({ pipeline, table, held, versions, since, at: new Date(), placeOf: place })
      await runPlan(open, steps, `finishing ${label}`, { lockTries })
      close()
    },
    close,
    async abort() {
      if (isOver) return
      waiting = []
      failure ??= new Error(`the copy of ${label} was given up`)
      await running
      close()
      await dropCopy(open, copy, label)
    },
  }

  function close(): void {
    if (!isOver) session.destroy()
    isOver = true
  }
}

/** Somebody may come in the way again before the swap, which then waits for that one. */
async function untilClear(loading: Transactions, hold: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await loading.run({ statements: [hold], lockTries: 1 }, "waiting for a table's readers")
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== "warehouseLocked") throw error
    }
    await pause(readersTurnMs, signal)
  }
}

function encoded(encoder: CopyEncoder, { columns }: TableSchema, rows: RowBuffer): Buffer {
  try {
    return encoder.encode(rows)
  } catch (error) {
    const refusal = unsentRefusal(error, columns)
    throw refusal === undefined ? error : new Problem("tableFailed", refusal)
  }
}

/** What the server refuses of a table's rows fails the table, not the pipeline. */
function failureOf(error: unknown): unknown {
  const refusal = error instanceof Problem ? valueRefusal(error.cause) : undefined
  return refusal === undefined ? error : new Problem("tableFailed", refusal)
}

function makeCopy(copy: string, table: TableSchema, since: Date | undefined): string[] {
  const columns = table.columns.map((column) => `${quoteIdentifier(column.name)} ${nativeType(column)}`)
  const versions = since === undefined ? [] : versionDefinitions(since)
  return [`DROP TABLE IF EXISTS ${copy}`, `CREATE TABLE ${copy} (${[...columns, ...versions].join(", ")})`]
}

/**
 * Its commits need not reach the disk one by one: the one that puts the copy in the table's place, on another session, is
 * waited for, and the log up to it with it.
 */
async function loadingSession({ connect }: OpenDestination): Promise<Session> {
  try {
    const session = await connect()
    await session.run("SET synchronous_commit = off")
    return session
  } catch (error) {
    throw problemOf(error, "connecting")
  }
}

/** What kept versions until it was dropped at the source is its users' to take away, as is what they have made themselves. */
async function refuseOccupied({ books, pipeline, names, transactions }: OpenDestination, table: TableSchema) {
  const known = { held: await books.tables(), versions: await books.versions(), placeOf: place }
  const dropped = droppedInPlaceOf(pipeline, table, known)
  if ((await standing(transactions, names, dropped)).length > 0) throw occupiedByVersions()
  if (!isPlaceOfOthers(table, known)) {
    const held = known.held.find(({ schema }) => place(schema) === place(table))?.schema
    const refusal = await orProblem("looking for the table", () =>
      placeRefusal(transactions, names, { live: names.live(table), held }),
    )
    if (refusal !== undefined) throw new Problem("tableFailed", refusal)
    return
  }
  if ((await standing(transactions, names, [table])).length > 0) throw occupiedByOthers()
}

/** What stands there is another owner's, if there is one. */
async function dropCopy({ transactions }: OpenDestination, copy: string, label: string): Promise<void> {
  try {
    await transactions.run({ statements: [`DROP TABLE IF EXISTS ${copy}`] }, `dropping the copy of ${label}`)
  } catch (error) {
    if (!(error instanceof TakenOver)) throw error
  }
}
