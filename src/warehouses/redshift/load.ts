import { newSerialQueue } from "../../concurrency/serial-queue.ts"
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
import type { StagedPart, TableLoad } from "../../replication/contracts/warehouse.ts"
import type { RowBuffer } from "../../replication/values/columns.ts"
import { standing } from "./catalog.ts"
import type { Session } from "./connection/client.ts"
import { problemOf, RefusedRows, unsentRefusal } from "./errors.ts"
import { copyFence } from "./fence.ts"
import { place } from "./naming.ts"
import { type OpenDestination, runPlan } from "./open-destination.ts"
import { quoteIdentifier } from "./quoting.ts"
import { applyStatements, type Target } from "./render/apply-sql.ts"
import { cutColumns, definitions, layoutClause } from "./render/tables.ts"
import { versionDefinitions } from "./render/versioned-tables.ts"
import { newStageTables } from "./staging/stage-tables.ts"
import { loadParts } from "./transactions.ts"

/** One COPY has a price of its own, and the warehouse loads many files at once: parts wait until they are so many bytes, compressed. */
const loadBytes = 256 * 2 ** 20
const loadPartsAtMost = 1_000

/**
 * Copies a table beside the live one, on a session of its own. `since`: as of when the rows are, where versions are to be kept.
 */
export async function beginTableLoad(
  open: OpenDestination,
  table: TableSchema,
  since: Date | undefined,
): Promise<TableLoad> {
  const { names, pipeline, books, staging, transactions } = open
  const label = `${table.schema}.${table.name}`
  const refusal = names.refusal(table)
  if (refusal !== undefined) throw new Problem("tableFailed", refusal)
  await refuseOccupied(open, table)
  const copy: Target = { table: names.loading(table), prefix: `${quoteIdentifier(names.copy(table))}.` }
  await transactions.run({ statements: makeCopy(open, table, since) }, `making ${label}`)
  const loading = newPartLoader(open, table, copy.table)
  let isOver = false

  return {
    write: (rows) => loading.write(rows),
    settled: () => loading.settled(),
    async apply(changes) {
      await loading.settled()
      const stages = newStageTables()
      const statements = applyStatements(stages, copy, changes)
      await transactions.run({ stages: stages.all, statements }, `completing ${label}`)
      await staging.remove([...changes.parts, ...(changes.commits === undefined ? [] : [changes.commits])])
    },
    async finish() {
      await loading.settled()
      // Somebody may have put something there since the copy began.
      await refuseOccupied(open, table)
      const held = await books.tables()
      const versions = await books.versions()
      const steps = planAdoption({ pipeline, table, held, versions, since, at: new Date(), placeOf: place })
      await runPlan(open, steps, `finishing ${label}`)
      close()
    },
    close,
    async abort() {
      if (isOver) return
      close()
      await dropCopy(open, copy.table, label)
    },
  }

  function close(): void {
    if (!isOver) loading.end()
    isOver = true
  }
}

/** Parts of a copy on their way through the bucket. */
interface PartLoader {
  write(rows: RowBuffer): Promise<void>
  /** Waits until all that was written is in the copy. */
  settled(): Promise<void>
  end(): void
}

function newPartLoader(open: OpenDestination, table: TableSchema, copy: string): PartLoader {
  const { staging, connect, layoutOf } = open
  const cut = cutColumns(table, layoutOf(table))
  const doing = `loading ${table.schema}.${table.name}`
  const types = table.columns.map(({ type }) => type)
  const columns = table.columns.map(({ name }) => quoteIdentifier(name))
  const fence = copyFence(open)
  let waiting: StagedPart[] = []
  let session: Promise<Session> | undefined
  const inTurn = newSerialQueue()
  let running: Promise<void> | undefined
  let failure: unknown

  async function load(parts: readonly StagedPart[]): Promise<void> {
    if (failure !== undefined) return
    try {
      session ??= connect()
      await loadParts(await session, { fence, staging, into: { table: copy, columns }, parts })
      await staging.remove(parts)
    } catch (error) {
      failure = failureOf(error, doing)
    }
  }

  function loadWaiting(): void {
    const parts = waiting
    waiting = []
    if (parts.length > 0) running = inTurn(() => load(parts))
  }

  return {
    async write(rows) {
      if (failure !== undefined) throw failure
      waiting.push(await staged(() => staging.write(types, rows, cut), table))
      const bytes = waiting.reduce((sum, part) => sum + part.bytes, 0)
      if (bytes < loadBytes && waiting.length < loadPartsAtMost) return
      // One load runs, one waits: more would only fill the bucket.
      await running
      loadWaiting()
    },
    async settled() {
      loadWaiting()
      await running
      if (failure !== undefined) throw failure
    },
    end() {
      failure ??= new Problem(
        "warehouseUnavailable",
        `The copy of ${table.schema}.${table.name} was given up.`,
      )
      void session?.then(
        (opened) => opened.destroy(),
        () => undefined,
      )
    },
  }
}

async function staged(work: () => Promise<StagedPart>, { columns }: TableSchema): Promise<StagedPart> {
  try {
    return await work()
  } catch (error) {
    const refusal = unsentRefusal(error, columns)
    throw refusal === undefined ? error : new Problem("tableFailed", refusal)
  }
}

/** What the warehouse refuses of a table's rows fails the table, not the pipeline. */
function failureOf(error: unknown, doing: string): unknown {
  return error instanceof RefusedRows ? new Problem("tableFailed", error.message) : problemOf(error, doing)
}

/** In the table's own schema: the engine carries no table to another one, and default privileges of users apply. */
function makeCopy(
  { names, layoutOf }: OpenDestination,
  table: TableSchema,
  since: Date | undefined,
): string[] {
  const copy = names.loading(table)
  const versions = since === undefined ? [] : versionDefinitions(since)
  const columns = [...definitions(table.columns), ...versions].join(", ")
  return [
    `CREATE SCHEMA IF NOT EXISTS ${names.schema(table.schema)}`,
    `DROP TABLE IF EXISTS ${copy}`,
    `CREATE TABLE ${copy} (${columns}) ${layoutClause(layoutOf(table))}`,
  ]
}

/** What kept versions until it was dropped at the source is its users' to take away, as is what they have made themselves. */
async function refuseOccupied({ books, pipeline, names, transactions }: OpenDestination, table: TableSchema) {
  const known = { held: await books.tables(), versions: await books.versions(), placeOf: place }
  const dropped = droppedInPlaceOf(pipeline, table, known)
  if ((await standing(transactions, names, dropped)).length > 0) throw occupiedByVersions()
  if (!isPlaceOfOthers(table, known)) return
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
