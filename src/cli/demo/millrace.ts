import type pg from "pg"
import { defaultConfiguration } from "../../configuration/load.ts"
import { SetupError } from "../../configuration/setup-error.ts"
import type { IntegrationReport } from "../../control-plane/pipelines/status.ts"
import type { Configuration, WebhookConfiguration } from "../../domain/configuration.ts"
import { newLog } from "../../server/log/log.ts"
import { engines } from "../../server/registries.ts"
import { type RunningServer, startServer } from "../../server/start.ts"
import { connectForText } from "../connect.ts"
import { requestStatus, type StatusAccess } from "../status/status-request.ts"
import type { DemoFolder } from "./folder.ts"
import { freePlace } from "./ports.ts"
import type { CloudPlace, SourceEntry } from "./source.ts"
import { type RunningWarehouse, type SecondWarehouse, warehouseFrom } from "./warehouse.ts"

/** The integration's name, and with it that of the warehouse's database. */
export const integrationName = "shop"

/** A running Millrace, as its users see it: over its ports, with its credentials. */
export interface Millrace {
  server: RunningServer
  configuration: Configuration
  access: StatusAccess
}

/** What the demo's names are made of. */
export function cloudPlace(): CloudPlace {
  const { account, region } = defaultConfiguration(process.cwd(), engines)
  return { account, region }
}

/** What a demo's Millrace works with. */
export interface MillraceParts {
  entries: readonly SourceEntry[]
  warehouse: RunningWarehouse
  second?: SecondWarehouse | undefined
  webhooks?: WebhookConfiguration[] | undefined
}

/** On the embedded defaults. `anyPorts`: on free ports rather than the usual ones, for nobody will connect. */
export async function startMillrace(
  folder: DemoFolder,
  { entries, warehouse, second, webhooks = [] }: MillraceParts,
  { anyPorts }: { anyPorts: boolean },
): Promise<Millrace> {
  const usual = defaultConfiguration(process.cwd(), engines)
  const place = (wanted: Configuration["listen"]["http"]) =>
    anyPorts ? Promise.resolve({ ...wanted, port: 0 }) : freePlace(wanted)
  const listen = { http: await place(usual.listen.http), sql: await place(usual.listen.sql) }
  const { region, dataDir } = { ...usual, dataDir: folder.dataDir }
  const sources = entries.map((entry) =>
    engines.sources.of(entry).entry.parse(entry)({ folder: process.cwd(), dataDir }),
  )
  const first = usual.warehouses.map((one) => warehouseFrom(one, warehouse, dataDir))
  const warehouses = second === undefined ? first : [...first, warehouseFrom(second, second, dataDir)]
  const server = await startServer({
    areFoldersChecked: false,
    configuration: { ...usual, dataDir, listen, sources, warehouses, profileWebhooks: webhooks },
    log: newLog({ level: "info", file: folder.logFile }),
  })
  const configuration = { ...server.configuration, listen: { http: server.http, sql: server.sql } }
  const [key] = configuration.credentials
  if (key === undefined) throw new Error("Millrace made no credentials")
  return { server, configuration, access: { ...key, region, http: server.http } }
}

/** The demo's integration as `millrace status` tells it. */
export async function integrationReport({ access }: Millrace): Promise<IntegrationReport> {
  const report = await requestStatus(access)
  if (typeof report === "string") throw new SetupError(report)
  const found = report.integrations.find(({ name }) => name === integrationName)
  if (found === undefined) throw new SetupError(`the integration ${integrationName} is gone: was it deleted?`)
  return found
}

/** A connection to the warehouse: to its own server if it has one, else through the SQL port. */
export async function connectToWarehouse(millrace: Millrace, database = integrationName): Promise<pg.Client> {
  const url = urlOfServer(millrace, database)
  return url === undefined ? await connectToSqlPort(millrace, database) : await connectForText({ url })
}

/** A connection to the SQL port, whatever the warehouse: COPY and its jobs are said there. */
export async function connectToSqlPort({ configuration }: Millrace, database: string): Promise<pg.Client> {
  const [user] = configuration.sqlUsers
  if (user === undefined) throw new Error("Millrace made no SQL user")
  const { host, port } = configuration.listen.sql
  return await connectForText({ host, port, user: user.name, password: user.password, database })
}

/** Makes a database that no integration fills, where the warehouse's own server has none of the name. */
export async function makeOwnDatabase(millrace: Millrace, database: string): Promise<void> {
  const url = urlOfServer(millrace, undefined)
  if (url === undefined) return
  const client = await connectForText({ url })
  try {
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [database])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`)
  } finally {
    await client.end()
  }
}

/** `undefined`: it has no server of its own. */
function urlOfServer({ configuration }: Millrace, database: string | undefined): string | undefined {
  const [warehouse] = configuration.warehouses
  return warehouse && engines.warehouses.of(warehouse).direct?.urlOf(warehouse, database)
}
