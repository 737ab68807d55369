import type { TestContext } from "node:test"
import type { TableSchema } from "../../../src/domain/table.ts"
import { openBookkeeping } from "../../../src/warehouses/duckdb/bookkeeping.ts"
import type { TestWarehouse } from "../warehouse.ts"
import { warehouseWithTls } from "./run-parts.ts"

const text = { kind: "text" } as const

/** What a pipeline notes of `shop.public.orders` and of a table with a key of two columns. */
const replicated: TableSchema[] = [
  {
    id: "1",
    schema: "public",
    name: "orders",
    key: [0],
    columns: ["id", "customer_id", "amount", "placed_at"].map((name) => ({
      name,
      type: text,
      sourceType: "",
    })),
  },
  {
    id: "2",
    schema: "public",
    name: "order_lines",
    key: [1, 0],
    columns: ["line", "order_id", "note"].map((name) => ({ name, type: text, sourceType: "" })),
  },
]

/** The warehouse of `testWarehouse` with TLS, whose tables of `shop` are noted as a pipeline notes them. */
export async function clientsWarehouse(t: TestContext): Promise<TestWarehouse> {
  const warehouse = await warehouseWithTls(t)
  const connection = await warehouse.instance.connect()
  try {
    await connection.run(
      `CREATE TABLE shop.public.order_lines (line INTEGER, order_id BIGINT, note VARCHAR);
       INSERT INTO shop.public.order_lines VALUES (1, 1, 'first'), (2, 1, NULL);
       CREATE SCHEMA IF NOT EXISTS dev.public`,
    )
    const books = await openBookkeeping(connection, "shop")
    for (const table of replicated)
      for (const statement of books.track("pipeline", table)) await connection.run(statement)
  } finally {
    connection.closeSync()
  }
  return warehouse
}
