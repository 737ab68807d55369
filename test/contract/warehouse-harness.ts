import assert from "node:assert/strict"
import { positionFrom } from "../../src/domain/position.ts"
import type { TableSchema } from "../../src/domain/table.ts"
import type { Destination, Warehouse } from "../../src/replication/contracts/warehouse.ts"
import { contractTable, loaded, type Value } from "./warehouse-rows.ts"

/** A warehouse under test. */
export interface WarehouseUnderTest {
  warehouse: Warehouse
  /** The rows of a live table as people read it, in any order; throws if it is not there. */
  read(database: string, table: TableSchema): Promise<(number | string | null)[][]>
  /**
   * Makes a table of a user's own in the place of `table`, with columns of the same names (texts, but for `id`) and one row: 9,
   * `own`, null. Absent: users can make none. Answers what drops it.
   */
  makeOwn?(database: string, table: TableSchema): Promise<() => Promise<void>>
  /** Runs a user's statement on a live table, `live`: its name, quoted, whole. Absent: users can alter none. */
  asUser?(database: string, table: TableSchema, statement: (live: string) => string): Promise<void>
  /** Ends everything without a word, as a killed process would, and opens it again. */
  crash(): Promise<WarehouseUnderTest>
  close(): Promise<void>
}

/** The destination database and the pipeline that the cases use. */
export const database = "destination"
export const pipeline = "pipeline"

export type Harness = ReturnType<typeof newHarness>

/** What the cases share: a fresh warehouse for each, with or without a table. */
export function newHarness(open: () => Promise<WarehouseUnderTest>) {
  const withOne = async (
    work: (opened: Destination, under: WarehouseUnderTest) => Promise<WarehouseUnderTest | undefined>,
  ) => {
    const under = await open()
    const last = await work(await under.warehouse.open({ database, pipeline, generation: 1 }), under)
    await (last ?? under).close()
  }

  /** Table `t` is live with `rows`, at position 1. */
  const withTable = (
    rows: readonly (readonly Value[])[],
    work: (
      destination: Destination,
      table: TableSchema,
      under: WarehouseUnderTest,
    ) => Promise<WarehouseUnderTest | undefined>,
    isKeyless = false,
  ) =>
    withOne(async (destination, under) => {
      const table = contractTable("t", isKeyless)
      await loaded(destination, table, rows)
      await destination.copies.completeSnapshot([table], positionFrom("1"))
      return work(destination, table, under)
    })

  const assertRows = async (
    under: WarehouseUnderTest,
    table: TableSchema,
    rows: (number | string | null)[][],
  ) => assert.deepEqual(sorted(await under.read(database, table)), sorted(rows))

  return { withOne, withTable, assertRows }
}

function sorted(rows: (number | string | null)[][]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}
