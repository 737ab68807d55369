import type { TestContext } from "node:test"
import pg from "pg"
import { type OpenConfigured, openConfigured } from "../../../src/warehouses/redshift/open.ts"
import { type CopyBench, copyBench } from "../../sql-port/copy-bench.ts"
import { password } from "../../sql-port/warehouse.ts"
import { s3Keys } from "../s3/server.ts"
import { type TcpProxy, tcpProxy } from "../tcp-proxy.ts"

/**
 * What stands in for Redshift: the SQL port of a Millrace, which speaks its dialect, and an S3 server between. Destination databases
 * are schemas of `dev`.
 */
export interface RedshiftStandIn extends CopyBench {
  /** All sessions of the warehouses that `open` opens come this way. */
  proxy: TcpProxy
  /** `more`: what is configured otherwise. */
  open(more?: Partial<OpenConfigured>): ReturnType<typeof openConfigured>
  /** Sees rows as people do. */
  reader: pg.Client
}

/** Times as the server prints them. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number) =>
    oid === pg.types.builtins.TIMESTAMP ? String : pg.types.getTypeParser(oid, "text"),
}

export async function redshiftStandIn(context: TestContext): Promise<RedshiftStandIn> {
  const bench = await copyBench(context)
  const proxy = await tcpProxy({ host: "127.0.0.1", port: bench.port.port })
  context.after(() => proxy.close())
  const { bucket } = bench
  const url = new URL(`postgres://admin@127.0.0.1:${proxy.port}/dev?sslmode=disable`)
  url.password = encodeURIComponent(password)
  return {
    ...bench,
    proxy,
    reader: await bench.client("admin", "dev", { types }),
    open: (more = {}) =>
      openConfigured({
        url: url.toString(),
        layout: "schemas",
        staging: {
          bucket: bucket.name,
          prefix: "staged",
          region: "us-east-1",
          endpoint: bucket.endpoint,
          ...s3Keys,
        },
        layouts: new Map(),
        ...more,
      }),
  }
}
