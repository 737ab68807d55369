/** Values that PostgreSQL cannot hold: their table fails, and says which column it was; a value is never said. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { positionFrom } from "../../../src/domain/position.ts"
import type { TableSchema } from "../../../src/domain/table.ts"
import { GatheredChanges } from "../../../src/replication/batch/table-changes.ts"
import { OversizedTable } from "../../../src/replication/contracts/oversized.ts"
import type { Destination } from "../../../src/replication/contracts/warehouse.ts"
import {
  type ColumnBuffer,
  endRow,
  newRowBuffer,
  putInt32,
  putText,
} from "../../../src/replication/values/columns.ts"
import { openPostgresWarehouse } from "../../../src/warehouses/postgres/warehouse.ts"
import { testDatabase } from "../../support/postgres.ts"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"

type Kind = "text" | "json"
type Refused = [kind: Kind, value: string]

const zeroByte: Refused = ["text", "secret\0"]
const noJson: Refused = ["json", '{"secret": '] // as MariaDB may have it, where nobody checked

function tableOf(kind: Kind): TableSchema {
  return {
    id: "1",
    schema: "public",
    name: "t",
    columns: [
      { name: "id", type: { kind: "int32" }, sourceType: "int" },
      { name: "note", type: { kind }, sourceType: kind },
    ],
    key: [0],
  }
}

async function withDestination(work: (destination: Destination) => Promise<void>): Promise<void> {
  const { url, drop } = await testDatabase()
  const folder = await temporaryFolder("refused-values")
  const warehouse = openPostgresWarehouse({ url, layout: "schemas", stagingPath: join(folder, "staging") })
  const destination = await warehouse.open({ database: "d", pipeline: "p", generation: 1 })
  try {
    await work(destination)
  } finally {
    await destination.close()
    await drop()
    await removeFolder(folder)
  }
}

function isRefusal(error: unknown, table?: TableSchema): boolean {
  assert.ok(error instanceof Error)
  assert.match(error.message, /Its column note has/)
  assert.doesNotMatch(error.message, /secret/)
  return table === undefined ? true : error instanceof OversizedTable && error.table === table
}

async function copied(destination: Destination, table: TableSchema, values: readonly string[]) {
  const rows = newRowBuffer(table.columns.map(({ type }) => type))
  for (const [index, value] of values.entries()) {
    putInt32(rows.columns[0] as ColumnBuffer, index)
    putText(rows.columns[1] as ColumnBuffer, value)
    endRow(rows)
  }
  const load = await destination.copies.begin(table)
  try {
    await load.write(rows)
    await load.finish()
  } catch (error) {
    await load.abort()
    throw error
  }
}

async function streamed(destination: Destination, table: TableSchema, value: string): Promise<void> {
  const gathered = new GatheredChanges(table, { next: 0 })
  putInt32(gathered.columns[0] as ColumnBuffer, 7)
  putText(gathered.columns[1] as ColumnBuffer, value)
  gathered.end("insert")
  await gathered.stageRows((rows) => destination.rows.stage(table, rows))
  const nothing = { swaps: [], stale: [], dropped: [] }
  await destination.rows.apply({ tables: [gathered], ...nothing, position: positionFrom("2") })
}

for (const [what, [kind, value]] of Object.entries({ zeroByte, noJson })) {
  test(`${what}: a copy fails its table, a change leaves its table behind, and other rows go on`, () =>
    withDestination(async (destination) => {
      const table = tableOf(kind)
      await assert.rejects(
        copied(destination, table, ["1", value]),
        (error: unknown) => isRefusal(error) && (error as { kind?: string }).kind === "tableFailed",
      )
      await copied(destination, table, ["1", "2"])
      await destination.copies.completeSnapshot([table], positionFrom("1"))
      await assert.rejects(streamed(destination, table, value), (error) => isRefusal(error, table))
      await streamed(destination, table, "3")
      const view = await destination.inspection.view()
      assert.equal(await view.countRows(table), 3)
      await view.close()
    }))
}
