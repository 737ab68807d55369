import { randomUUID } from "node:crypto"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { sourceOfBucket } from "../../control-plane/copy-jobs/buckets.ts"
import type { Duties } from "../../control-plane/duties/duties.ts"
import { Problem } from "../../domain/problems.ts"
import type { ParquetReader } from "../../loading/parquet-file.ts"
import { type IntegrationSource, rowsScheme, usualRowsPort } from "../../profiles/flows/integrations/uris.ts"
import { fileStore } from "../../profiles/flows/readers/files.ts"
import { objectReader } from "../../profiles/flows/readers/objects.ts"
import type { FlowReader } from "../../profiles/flows/readers/reader.ts"
import { changesReader, cursorReader, quoted, type RowServer } from "../../profiles/flows/readers/rows.ts"
import { webStore } from "../../profiles/flows/readers/web.ts"
import { type FlowSources, startFlows } from "../../profiles/flows/runs/scheduler.ts"
import type { FlowObserver } from "../../profiles/flows/runs/write-order.ts"
import type { Store } from "../../state/store.ts"
import type { Sources } from "../sources.ts"
import type { Base } from "./base.ts"

/** Has one worker of all run the flows of customer profiles. */
export async function runProfileFlows(
  base: Base,
  {
    sources,
    store,
    duties,
    observe,
  }: { sources: Sources; store: Store; duties: Duties; observe?: FlowObserver },
): Promise<void> {
  const opened = await flowSources(base, sources)
  const parts = { store, sources: opened, log: base.log, observe }
  duties.add("profile flows", (held) => startFlows({ ...parts, held }))
}

/** A table is looked at so often: a change is an event within a second. */
const tableEveryMs = 300
const folderEveryMs = 2_000

/** The sources of flows, on concrete servers and buckets. */
export async function flowSources(base: Base, sources: Sources): Promise<FlowSources> {
  const { configuration, engines } = base
  const folder = join(configuration.dataDir, "staging", "flows")
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const parquet = await engines.parquetReader(() => join(folder, `${randomUUID()}.parquet`))
  const buckets = { sources: configuration.sources, sourceEngines: sources.engines }
  return {
    open: (source) => opened(base, sources, source, parquet),
    lookEveryMs(source) {
      if (source.kind === "table") return tableEveryMs
      if (source.kind !== "bucket") return folderEveryMs
      return sourceOfBucket(buckets, source.bucket)?.bucket?.listEveryMs
    },
  }
}

function opened(base: Base, sources: Sources, source: IntegrationSource, parquet: ParquetReader): FlowReader {
  const { fileFolders = [], internalHosts = [] } = base.configuration.profiles ?? {}
  switch (source.kind) {
    case "bucket":
      return bucketReader(base, sources, source, parquet)
    case "file": {
      const store = fileStore(source.path, fileFolders)
      return objectReader({ store, place: "file://", prefix: "", parquet })
    }
    case "web":
      return objectReader({
        store: webStore({ url: source.url, internalHosts }),
        place: "",
        prefix: "",
        parquet,
      })
    case "rows":
      return cursorReader({
        server: configuredServer(base, source),
        from: source.from,
        cursor: source.cursor,
      })
    case "table":
      return tableReader(base, source)
  }
}

type SourceOf<K extends IntegrationSource["kind"]> = Extract<IntegrationSource, { kind: K }>

function bucketReader(
  { configuration }: Base,
  sources: Sources,
  { bucket, prefix }: SourceOf<"bucket">,
  parquet: ParquetReader,
): FlowReader {
  const configured = sourceOfBucket(
    { sources: configuration.sources, sourceEngines: sources.engines },
    bucket,
  )
  if (configured === undefined)
    throw new Problem("sourceMissing", `The configuration names no bucket ${bucket}.`)
  const store = sources.openFiles(configured, configuration.region)
  return objectReader({ store, place: `${bucket}/`, prefix, parquet })
}

/** Only servers that are configured as sources are asked, as the user whom the configuration names. @throws Problem */
function configuredServer(base: Base, { host, port, database }: SourceOf<"rows">): RowServer {
  const { configuration, engines } = base
  for (const source of configuration.sources) {
    const engine = engines.sources.of(source)
    if (engine.delivery !== "tables" || engine.rowsUrlOf === undefined) continue
    const address = engine.rds?.addressOf(source)
    if (address?.host === host && (address.port ?? usualRowsPort) === port)
      return rowServer(base, { url: engine.rowsUrlOf(source, database) })
  }
  throw new Problem(
    "sourceMissing",
    `The configuration names no source at ${host}:${port} that can be asked for rows.`,
  )
}

function rowServer({ engines }: Base, options: Parameters<Base["engines"]["openRowServer"]>[0]): RowServer {
  return { connect: async () => (await engines.openRowServer(options)).connect() }
}

/** A table of the warehouse that the SQL port shows, or that is asked at its own server. @throws Problem */
function tableReader(base: Base, { database, schema, table, cursor }: SourceOf<"table">): FlowReader {
  const { configuration, engines } = base
  const [warehouse] = configuration.warehouses
  if (warehouse === undefined) throw new Problem("warehouseMissing", "The configuration has no warehouse.")
  const from = `${quoted(schema)}.${quoted(table)}`
  const { direct } = engines.warehouses.of(warehouse)
  if (direct === undefined) {
    const server = ownPort(base, database)
    return cursor === undefined ? changesReader({ server, from }) : cursorReader({ server, from, cursor })
  }
  if (cursor === undefined)
    throw new Problem(
      "sourceSettings",
      `A warehouse of ${direct.title} does not tell which rows are new: name a column that does, by ?cursor=….`,
    )
  return cursorReader({ server: rowServer(base, { url: direct.urlOf(warehouse, database) }), from, cursor })
}

/** The SQL port itself, as one of its administrators. */
function ownPort(base: Base, database: string): RowServer {
  const { configuration, plane } = base
  return {
    async connect() {
      const [warehouse] = plane.warehouses
      const at = warehouse && plane.sqlEndpoint(warehouse)
      const user = configuration.sqlUsers.find(({ role }) => role === "admin")
      if (at === undefined || user === undefined)
        throw new Problem(
          "warehouseUnavailable",
          "Where the SQL port is, or who its administrator is, is not known in this process.",
        )
      const login = `${encodeURIComponent(user.name)}:${encodeURIComponent(user.password)}`
      const url = `${rowsScheme}//${login}@${at.host}:${at.port}/${encodeURIComponent(database)}`
      const trustsAnyCertificate = configuration.listen.tls !== undefined
      return await rowServer(base, { url, isReadOnly: false, trustsAnyCertificate }).connect()
    },
  }
}
