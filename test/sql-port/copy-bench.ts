import { randomBytes } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { TestContext } from "node:test"
import pg from "pg"
import { noCopyFacts } from "../../src/control-plane/copy-jobs/copy-facts.ts"
import { type CopyPlane, copyFiles } from "../../src/control-plane/copy-jobs/copy-files.ts"
import type { BucketSettings } from "../../src/domain/configuration.ts"
import type { DatabasePlace } from "../../src/front-doors/sql/copy/context.ts"
import { systemViewTables } from "../../src/query/system-views/system-views.ts"
import { engines } from "../../src/server/registries.ts"
import { openBucket } from "../../src/sources/s3/bucket.ts"
import type { RecordedLoadRun } from "../../src/state/copy/load-runs.ts"
import type { RecordedLoadError } from "../../src/state/load-errors.ts"
import { openStore, type Store } from "../../src/state/store.ts"
import { openCopyWarehouse } from "../../src/warehouses/duckdb/copy/copy-warehouse.ts"
import { newParquetReader } from "../../src/warehouses/duckdb/copy/parquet-reader.ts"
import { openPostgresCopies } from "../../src/warehouses/postgres/loading/copy-warehouse.ts"
import { testDatabase } from "../support/postgres.ts"
import { type TestBucket, testBucket } from "../support/s3/server.ts"
import { type TestWarehouse, testWarehouse } from "./warehouse.ts"

export interface CopyBench extends TestWarehouse {
  bucket: TestBucket
  /** On the SQL port, where COPY is said. */
  admin: pg.Client
  /** Where tables are made and read: the SQL port's again, or the engine's own. */
  there: pg.Client
  /** What COPY calls a table that is called so there. */
  at(table: string): string
  /** The type of a column of JSON as it is. */
  super: string
  /** A Parquet file of a query's rows. */
  parquet(query: string): Promise<Buffer>
  errors(): Promise<RecordedLoadError[]>
  runs(): Promise<RecordedLoadRun[]>
}

type PlaceOf = (name: string) => DatabasePlace

/** A port whose COPY reads a bucket of an S3 server, into the port's own warehouse. */
export async function copyBench(context: TestContext, settings?: BucketSettings): Promise<CopyBench> {
  const bench = await newBench(context, settings)
  return { ...bench, there: bench.admin, at: (table) => table, super: "SUPER" }
}

/** As `copyBench`, into a database of a PostgreSQL server beside it: `url`, or a new one of the shared server. */
export async function postgresBench(
  context: TestContext,
  { settings, url: given }: { settings?: BucketSettings; url?: string } = {},
): Promise<CopyBench & { url: string; isReplicated: Set<string> }> {
  const url = given ?? (await testDatabase()).url
  const database = new URL(url).pathname.slice(1)
  const isReplicated = new Set<string>()
  const bench = await newBench(context, settings, (sessions, { folder }) => {
    const parquet = newParquetReader(() => join(folder, `${randomBytes(8).toString("hex")}.parquet`))
    const { transact, rights } = openPostgresCopies({ url, layout: "databases", parquet })
    if (rights === undefined) throw new Error("it has rights of its own")
    return (name) => {
      if (!name.endsWith("@reports")) return sessions(name)
      return {
        database: name.slice(0, -"@reports".length),
        warehouse: {
          kind: "ownUsers",
          targetArn: "arn:reports",
          transact,
          rights,
          isReplicated: async (one) => isReplicated.has(one),
        },
      }
    }
  })
  const there = new pg.Client({ connectionString: url, options: "-c timezone=UTC" })
  there.on("error", () => undefined)
  await there.connect()
  context.after(() => there.end())
  return {
    ...bench,
    there,
    at: (table) => `"${database}@reports".public.${table}`,
    super: "json",
    url,
    isReplicated,
  }
}

type Bench = Omit<CopyBench, "there" | "at" | "super">

async function newBench(
  context: TestContext,
  settings: BucketSettings | undefined,
  placesOf: (sessions: PlaceOf, warehouse: TestWarehouse) => PlaceOf = (sessions) => sessions,
): Promise<Bench> {
  const bucket = await testBucket(context)
  const source = { ...bucket.source, ...(settings && { bucket: settings }) }
  const parts: { plane?: CopyPlane; placeOf?: PlaceOf; store?: Store } = {}
  const known = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error("too early")
    return part
  }
  const warehouse = await testWarehouse(context, {
    copy: {
      jobs: undefined,
      load: (request) => copyFiles(known(parts.plane), request),
      placeOf: (name) => known(parts.placeOf)(name),
    },
    virtualTables: systemViewTables(async () => ({
      ...noCopyFacts,
      integrations: [],
      tables: [],
      activities: [],
      stateChanges: [],
      loadErrors: await known(parts.store).loadErrors.all(),
      loadRuns: await known(parts.store).loadRuns.all(),
    })),
  })
  const store: Store = await openStore(warehouse.stateUrl)
  parts.store = store
  context.after(() => store.close())
  const { targetOn } = await openCopyWarehouse(warehouse.instance, warehouse.folder)
  const sessions: PlaceOf = (database) => ({
    database,
    warehouse: { kind: "sessions", targetArn: "arn:first", targetOn },
  })
  parts.placeOf = placesOf(sessions, warehouse)
  parts.plane = {
    sources: [source],
    sourceEngines: engines.sources,
    store,
    openBucket: (one) => openBucket(one, "us-east-1"),
  }
  return {
    ...warehouse,
    bucket,
    admin: await warehouse.client("admin", "dev"),
    parquet: (query) => parquetOf(warehouse, query),
    errors: () => store.loadErrors.all(),
    runs: () => store.loadRuns.all(),
  }
}

async function parquetOf({ instance, folder }: TestWarehouse, query: string): Promise<Buffer> {
  const path = join(folder, `made-${randomBytes(8).toString("hex")}.parquet`)
  const connection = await instance.connect()
  await connection.run(`COPY (${query}) TO '${path}'`)
  connection.closeSync()
  return await readFile(path)
}

export const role = "IAM_ROLE 'arn:aws:iam::123456789012:role/load'"

/** All values as text. */
export async function rows(client: pg.Client, statement: string): Promise<(string | null)[][]> {
  const { rows: found } = await client.query<(string | null)[]>({
    text: statement,
    rowMode: "array",
    types: { getTypeParser: () => (text: string) => text },
  })
  return found
}
