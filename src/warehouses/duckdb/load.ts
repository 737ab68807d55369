import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import { planAdoption } from "../../replication/batch/plan.ts"
import { droppedInPlaceOf, occupiedByVersions } from "../../replication/batch/room.ts"
import { TakenOver } from "../../replication/contracts/taken-over.ts"
import { versionColumns } from "../../replication/contracts/versions.ts"
import type { StagedPart, TableLoad } from "../../replication/contracts/warehouse.ts"
import type { Bookkeeping } from "../sql/bookkeeping.ts"
import { copyFence, fenceCopy } from "./fence.ts"
import type { DuckDbInstance } from "./files/instance.ts"
import { newVectorMemoryLimit } from "./guards/vector-memory-limit.ts"
import { duckDbType, loadingTable, namingRefusal, place } from "./naming.ts"
import { quoteIdentifier } from "./quoting.ts"
import { applyStatements } from "./render/apply-sql.ts"
import { renderSteps } from "./render/render.ts"
import { standing, timeLiteral } from "./render/versioned-tables.ts"
import { readStaged, type Staging } from "./staging/staging.ts"
import { newTransactions, type Transactions } from "./transactions.ts"

export interface LoadTarget {
  instance: DuckDbInstance
  database: string
  pipeline: string
  generation: number
  staging: Staging
  books: Bookkeeping
  /** One transaction at a time: of two that change DuckDB's catalog at once, one fails. */
  transaction: Transactions
  /** The time since when rows of the copy are valid; set where versions are kept. */
  versionsSince: Date | undefined
}

// Parts that exist at most: one loads and two wait. More would only fill the disk when the warehouse is the slower side.
const maxWaitingParts = 3

/** Copies a table beside the live one: parts are loaded in the background, as many at a time as have gathered. */
export async function beginTableLoad(target: LoadTarget, table: TableSchema): Promise<TableLoad> {
  const label = `${table.schema}.${table.name}`
  const refusal = namingRefusal(table)
  if (refusal !== undefined) throw new Problem("tableFailed", refusal)
  await refuseOccupied(target, table)
  const columns = table.columns.map((column) => `${quoteIdentifier(column.name)} ${duckDbType(column.type)}`)
  const copy = loadingTable(target.database, table)
  const { database, pipeline, generation } = target
  const fenced = { database, pipeline, generation, copy: place(table) }
  await target.transaction(
    [
      ...fenceCopy(fenced),
      `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(target.database)}.${quoteIdentifier(table.schema)}`,
      `CREATE OR REPLACE TABLE ${copy} (${[...columns, ...versionDefinitions(target.versionsSince)].join(", ")})`,
    ],
    `making ${label}`,
  )
  const connection = await target.instance.connect()
  const transaction = newTransactions(connection, copyFence(fenced))
  const names = table.columns.map((column) => column.name)
  const neighbours = newVectorMemoryLimit(target.instance.memoryLimitBytes)
  const list = names.map(quoteIdentifier).join(", ")
  let waiting: StagedPart[] = []
  let loading: Promise<void> | undefined
  let failure: unknown
  let isOver = false

  function close(): void {
    if (!isOver) connection.closeSync()
    isOver = true
  }

  async function loadWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const parts = waiting
      waiting = []
      await transaction(
        [`INSERT INTO ${copy} (${list}) SELECT ${list} FROM ${readStaged(parts)}`],
        `loading ${label}`,
      )
      await target.staging.remove(parts)
    }
  }

  function kick(): void {
    loading ??= loadWaiting()
      .catch((error) => {
        failure = error
      })
      .finally(() => {
        loading = undefined
      })
  }

  async function settled(): Promise<void> {
    // A part may have come just as the loader found none left.
    while (failure === undefined && (waiting.length > 0 || loading !== undefined)) {
      kick()
      await loading
    }
    if (failure !== undefined) throw failure
  }

  return {
    async write(rows) {
      if (failure !== undefined) throw failure
      const part = await target.staging.write(names, rows)
      // The part is not loaded; it stays in the list, so that it is removed with the waiting ones.
      waiting.push(part)
      neighbours.add(part)
      kick()
      while (waiting.length >= maxWaitingParts && loading !== undefined) await loading
    },
    async finish() {
      await settled()
      const { database, books, pipeline, versionsSince: since } = target
      const [held, versions] = [await books.tables(), await books.versions()]
      const steps = planAdoption({ pipeline, table, held, versions, since, at: new Date(), placeOf: place })
      const statements = renderSteps({ database, books, fills: new Map() }, steps)
      await target.transaction(statements, `finishing ${label}`)
      close()
    },
    settled,
    async apply(changes) {
      await target.transaction(applyStatements(copy, changes), `completing ${label}`)
      await target.staging.remove([
        ...changes.parts,
        ...(changes.commits === undefined ? [] : [changes.commits]),
      ])
    },
    close,
    async abort() {
      if (isOver) return
      const unused = waiting
      waiting = []
      failure ??= new Error(`the copy of ${label} was given up`)
      await loading
      close()
      await target.staging.remove(unused)
      await dropCopy(target, copy, label)
    },
  }
}

/** Rows that are loaded need not say when they began. */
function versionDefinitions(since: Date | undefined): string[] {
  if (since === undefined) return []
  const [isActive, createdAt, deletedAt] = versionColumns
  return [
    `${isActive} BOOLEAN DEFAULT true`,
    `${createdAt} TIMESTAMP DEFAULT TIMESTAMP ${timeLiteral(since)}`,
    `${deletedAt} TIMESTAMP`,
  ]
}

/** Refuses a place where versions of a dropped table stand: only users may remove those. */
async function refuseOccupied(
  { books, pipeline, instance, database }: LoadTarget,
  table: TableSchema,
): Promise<void> {
  const dropped = droppedInPlaceOf(pipeline, table, { versions: await books.versions(), placeOf: place })
  if (dropped.length === 0) return
  const connection = await instance.connect()
  try {
    if ((await standing(connection, database, dropped)).length === 0) return
  } finally {
    connection.closeSync()
  }
  throw occupiedByVersions()
}

/** Drops the copy; TakenOver means that it belongs to a newer owner by now, and stays. */
async function dropCopy({ transaction }: LoadTarget, copy: string, label: string): Promise<void> {
  try {
    await transaction([`DROP TABLE IF EXISTS ${copy}`], `dropping the copy of ${label}`)
  } catch (error) {
    if (!(error instanceof TakenOver)) throw error
  }
}
