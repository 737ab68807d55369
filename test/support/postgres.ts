import { randomBytes } from "node:crypto"
import { after } from "node:test"
import pg from "pg"
import type { PostgresBinaries } from "../../src/embedded-postgres/binaries.ts"
import { isRunning } from "../../src/embedded-postgres/processes.ts"
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/embedded-postgres/server.ts"
import type { Settings } from "../../src/embedded-postgres/settings.ts"
import { debianBinaries } from "./postgres/debian-postgres.ts"
import { SHARED_SERVER_VARIABLE } from "./postgres/postgres-variable.ts"
import { binariesOfVersion, type PostgresVersion } from "./postgres/postgres-versions.ts"
import { unsynced } from "./quick-servers.ts"
import { removeFolder, temporaryFolder } from "./temporary-folder.ts"
import { waitUntil } from "./wait-until.ts"

export interface TestDatabase {
  /** Superuser's, to the fresh database. */
  url: string
  name: string
  drop(): Promise<void>
}

interface DatabaseKind {
  encoding?: "SQL_ASCII" | "WIN1252" | undefined
  /** A database of the server that is copied. */
  template?: string
}

export interface TestServer {
  url(database?: string): string
  readonly port: number
  readonly pid: number
  /** Kills the server and its backends as a power cut would; returns when all are gone. */
  kill9(): Promise<void>
  /** Starts it again after `kill9` or `stop`, on the same port. */
  restart(): Promise<void>
  /** Stops it and keeps its data. */
  stop(): Promise<void>
  /** Stops it and removes its data; done by itself when the test file ends. */
  remove(): Promise<void>
}

const cleanUps: (() => Promise<void>)[] = []

after(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** A fresh, empty database on the shared server of the test run. A file that is run alone brings its own server. */
export async function testDatabase({ encoding, template }: DatabaseKind = {}): Promise<TestDatabase> {
  const server = await sharedServer()
  const name = `test_${randomBytes(6).toString("hex")}`
  // Before 15 there was no other provider, and no other way to copy.
  const isNewer = (await versionOf(server)) >= 150_000
  const provider = encoding && isNewer ? "LOCALE_PROVIDER libc" : ""
  const other =
    encoding && `ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' ${provider} TEMPLATE template0`
  const copied = template && `TEMPLATE ${template}`
  // Copied by way of the log, each database would be 8 MB of it, which every slot of the server has to be read past.
  const strategy = isNewer ? "STRATEGY FILE_COPY" : ""
  await onServer(server, `CREATE DATABASE ${name} ${other ?? copied ?? ""} ${strategy}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, name, drop: () => dropDatabase(server, name) }
}

const versions = new Map<string, Promise<number>>()

/** As `serverVersion`; each server is asked once. */
function versionOf(url: string): Promise<number> {
  const asked = versions.get(url) ?? serverVersion(url)
  versions.set(url, asked)
  return asked
}

/** As 180004 for 18.4. */
export async function serverVersion(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ server_version_num: string }>("SHOW server_version_num")
    return Number(rows[0]?.server_version_num)
  } finally {
    await client.end()
  }
}

/** Replication slots would hold the database: those go first. */
async function dropDatabase(server: string, name: string): Promise<void> {
  await onServer(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name])
  await waitUntil(
    async () => {
      await onServer(
        server,
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1",
        [name],
      )
      return true
    },
    { what: `the replication slots of ${name} to be free`, timeoutMs: 60_000 },
  )
  await onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
}

async function onServer(url: string, statement: string, values: string[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement, values)
  } finally {
    await client.end()
  }
}

let ownShared: Promise<TestServer> | undefined

async function sharedServer(): Promise<string> {
  const given = process.env[SHARED_SERVER_VARIABLE]
  if (given) return given
  ownShared ??= testServer()
  return (await ownShared).url()
}

/** A PostgreSQL 18 server of the test's own. `settings` go on top of the embedded server's usual ones. */
export async function testServer(settings: Settings = {}): Promise<TestServer> {
  return serverOf(settings)
}

/**
 * A server from Debian's packages (PostgreSQL 15 on Debian 12), as people run at home; `undefined` with the
 * reason when there is none: pass that to `test.skip`.
 */
export async function debianServer(
  settings: Settings = {},
): Promise<{ server: TestServer; skip?: never } | { server?: never; skip: string }> {
  const binaries = await debianBinaries()
  if (typeof binaries === "string") return { skip: binaries }
  return { server: await serverOf(settings, binaries) }
}

/** A server of that version; `undefined` with the reason when there is none: pass that to `test.skip`. */
export async function serverOfVersion(
  version: PostgresVersion,
  settings: Settings = {},
): Promise<{ server: TestServer; skip?: never } | { server?: never; skip: string }> {
  const binaries = binariesOfVersion(version)
  if (typeof binaries === "string") return { skip: binaries }
  return { server: await serverOf(settings, binaries) }
}

async function serverOf(settings: Settings, binaries?: PostgresBinaries): Promise<TestServer> {
  const folder = await temporaryFolder("postgres")
  const options = { folder, settings: { ...quickSettings, ...settings }, ...(binaries ? { binaries } : {}) }
  let current: EmbeddedPostgres = await startEmbeddedPostgres(options)
  const remove = async () => {
    await current.stop()
    await removeFolder(folder)
  }
  cleanUps.push(remove)
  return {
    url: (database) => current.url(database),
    get port() {
      return current.port
    },
    get pid() {
      return current.pid
    },
    kill9: () => kill9(current.pid),
    restart: async () => {
      current = await startEmbeddedPostgres(options)
    },
    stop: () => current.stop(),
    remove,
  }
}

const quickSettings: Settings = { ...unsynced, shared_buffers: "32MB" }

async function kill9(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL")
  await waitUntil(async () => !(await isRunning(pid)), {
    what: `PostgreSQL (process ${pid}) to die`,
    timeoutMs: 60_000,
  })
}
