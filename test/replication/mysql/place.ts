import assert from "node:assert/strict"
import { mysqlServer } from "../../support/mysql/fixtures.ts"
import { mysqlPipeline } from "../../support/mysql/pipeline.ts"
import type { MysqlProduct } from "../../support/mysql/products.ts"
import type { MysqlServer } from "../../support/mysql/server.ts"
import type { TestHome } from "../../support/pipeline.ts"

/** Gives each case a database of its own on one server of this product, and a pipeline of just that. */
export function mysqlPlaces(
  product: MysqlProduct,
  settings: Record<string, string> = {},
  /** Makes the warehouse of a case; absent: a DuckDB. */
  makeHome?: () => Promise<TestHome>,
) {
  let shared: Promise<MysqlServer> | undefined
  let schemas = 0
  return async (...statements: string[]) => {
    shared ??= mysqlServer(product, { "sql-mode": "", ...settings })
    const server = await shared
    const schema = `s${++schemas}`
    const run = (...sql: string[]) => server.sql(`USE ${schema}`, ...sql)
    await server.sql(`CREATE DATABASE ${schema}`)
    await run(...statements)
    const home = await makeHome?.()
    const select = (table: { schema: string }) => table.schema === schema
    const pipeline = await mysqlPipeline({ server, select, ...(home && { home }) })
    const isEqual = async () => assert.deepEqual(await pipeline.differences([schema]), [])
    const tables = async () => {
      const rows = await pipeline.home.read(
        `SELECT table_name FROM information_schema.tables WHERE table_catalog = '${pipeline.database}' AND table_schema = '${schema}' ORDER BY 1`,
      )
      return rows.map(([name]) => name)
    }
    /** Runs statements, and asserts that what they did came by the stream: no table was copied for it. */
    const streams = async (...sql: string[]) => {
      const copied = pipeline.reports.copied.length
      await run(...sql)
      await isEqual()
      assert.equal(pipeline.reports.copied.length, copied, `copied: ${pipeline.reports.copied.slice(copied)}`)
    }
    return { server, schema, run, pipeline, isEqual, streams, tables, read: pipeline.home.read }
  }
}
