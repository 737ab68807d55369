import { readdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api"
import type { UnopenedDatabase } from "../../../engines/warehouse-engine.ts"
import { databaseFile, fileSuffix } from "../format.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { newDatabaseReattach } from "./database-reattach.ts"
import { unopenedDatabase } from "./unopened-databases.ts"

export type { UnopenedDatabase }

/** The first in which a log knows its file: older ones replay it into whatever file lies beside it. */
const storageVersion = "v1.4.0"

const replacedText = "its file was deleted, or another was put in its place"

/**
 * One DuckDB per warehouse folder: an in-memory main database with every destination database attached under its
 * own name, so that one statement can join across them. One process owns the folder.
 */
export interface DuckDbInstance {
  readonly memoryLimitBytes: number
  /** A new connection; close it with `closeSync()`. */
  connect(): Promise<DuckDBConnection>
  /** Attaches (and creates, if new) a destination database. Repeatable. */
  ensureDatabase(name: string): Promise<void>
  /** Why a database is shut off now. */
  shutOffBy(name: string): Error | undefined
  /** Databases whose file is there and could not be opened, each with the reason and what to do. `heal` tries them again. */
  unopened(): UnopenedDatabase[]
  /** Detaches a destination database and removes its files. Repeatable. */
  dropDatabase(name: string): Promise<void>
  /** Parquet files may be encrypted under it; it stays until the engine closes, and no query can see it. */
  addParquetKey(name: string, key: Buffer): Promise<void>
  /** Names of the attached databases; `dev` is among them unless its file cannot be opened. */
  databases(): string[]
  /** Opens anew what the engine has shut off. Call it now and then. */
  heal(): Promise<EngineHealth>
  close(): Promise<void>
}

/**
 * When the engine cannot write a database file while it moves changes there from its log (the disk is full, say), it
 * shuts that database off until it is detached and attached again; what was committed is kept. After a fault of
 * its own it shuts itself off altogether: only a new process helps.
 */
export type EngineHealth =
  | { kind: "well" }
  /** It was shut off, or its file replaced, and is open again. */
  | { kind: "reopened"; database: string; reason: string }
  | { kind: "shutOff"; database: string; reason: string }
  | { kind: "dead"; reason: string }

export interface DuckDbOptions {
  /** Folder of the database files; exists. */
  path: string
  /** Folder of staged Parquet files; exists. */
  stagingPath: string
  threads: number
  memoryLimitBytes: number
  /**
   * Makes, in the in-memory database, functions that tables of users may refer to. It runs before any database is attached:
   * to replay an ALTER from a database's log, the engine looks up every function in the table's definition.
   */
  prepare?: (admin: DuckDBConnection) => Promise<void>
}

/** Opens the folder: attaches what is there, makes `dev`, then shuts files, network and settings off for queries. */
export async function openDuckDb(options: DuckDbOptions): Promise<DuckDbInstance> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(options.threads),
    memory_limit: `${Math.floor(options.memoryLimitBytes / 2 ** 20)}MiB`,
  })
  const admin = await instance.connect()
  await options.prepare?.(admin)
  const attached = new Set<string>()
  const identities = new Map<string, string>()
  const reattach = newDatabaseReattach(admin, attached, {
    attach,
    replaced: async (name) =>
      (await identityOf(fileOf(name))) === identities.get(name) ? undefined : new Error(replacedText),
    stamp: async (name) => (await Promise.all([fileOf(name), `${fileOf(name)}.wal`].map(stampOf))).join(" "),
  })

  const fileOf = (name: string) => databaseFile(options.path, name)

  async function attach(name: string): Promise<void> {
    refuseSameName(name)
    const file = quoteLiteral(fileOf(name))
    try {
      await admin.run(
        `ATTACH IF NOT EXISTS ${file} AS ${quoteIdentifier(name)} (STORAGE_VERSION '${storageVersion}')`,
      )
    } catch (error) {
      attached.delete(name)
      throw error
    }
    attached.add(name)
    identities.set(name, await identityOf(fileOf(name)))
  }

  async function dropDatabase(name: string): Promise<void> {
    await admin.run(`DETACH DATABASE IF EXISTS ${quoteIdentifier(name)}`)
    attached.delete(name)
    reattach.shutOff.delete(name)
    for (const file of [fileOf(name), `${fileOf(name)}.wal`]) await rm(file, { force: true })
  }

  async function ensureDatabase(name: string): Promise<void> {
    const shutOff = reattach.shutOff.get(name)
    if (shutOff !== undefined) throw shutOff
    if (attached.has(name)) return
    await attach(name)
  }

  /** To the engine, names that differ only in case are one: it would take the one database for the other without a word. */
  function refuseSameName(name: string): void {
    const known = [...attached, ...reattach.shutOff.keys()]
    const other = known.find((one) => one !== name && foldedName(one) === foldedName(name))
    if (other !== undefined)
      throw new Error(`its name differs from that of database ${other} only in case: rename one of them`)
  }

  /** One file that another process holds, or that cannot be read, must not keep the others from their rows. */
  async function attachFound(name: string): Promise<void> {
    try {
      await ensureDatabase(name)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      await reattach.isShutOff(name, error)
    }
  }

  for (const name of (await readdir(options.path)).flatMap(databaseIn)) await attachFound(name)
  if (!reattach.shutOff.has("dev")) await attachFound("dev")
  await lockDown(admin, options)

  return {
    memoryLimitBytes: options.memoryLimitBytes,
    connect: () => instance.connect(),
    ensureDatabase,
    shutOffBy: (name) => reattach.shutOff.get(name),
    unopened: () =>
      [...reattach.shutOff].flatMap(([name, error]) =>
        attached.has(name) ? [] : unopenedDatabase(name, fileOf(name), error),
      ),
    dropDatabase,
    async addParquetKey(name, key) {
      await admin.run(
        `PRAGMA add_parquet_key(${quoteLiteral(name)}, ${quoteLiteral(key.toString("base64"))})`,
      )
    },
    databases: () => [...attached],
    heal: reattach.heal,
    close: async () => {
      admin.closeSync()
      instance.closeSync()
    },
  }
}

/** The database that a file of the folder holds; none: another program's file, or one that we would not have named so. */
export function databaseIn(file: string): string[] {
  if (!file.endsWith(fileSuffix)) return []
  const stem = file.slice(0, -fileSuffix.length)
  try {
    const name = decodeURIComponent(stem)
    return encodeURIComponent(name) === stem && name !== "" ? [name] : []
  } catch (error) {
    if (error instanceof URIError) return []
    throw error
  }
}

/** As the engine compares names: ASCII letters without regard to case. */
function foldedName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Changes whenever the file does. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })
  return found === undefined ? "none" : `${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}`
}

/** Which file has this path now; the engine goes on with the one that it opened. */
async function identityOf(path: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })
  return found === undefined ? "none" : `${found.dev}:${found.ino}`
}

/** Replication itself reads staged files and attaches databases, so just those two folders stay open to the engine. */
async function lockDown(admin: DuckDBConnection, options: DuckDbOptions): Promise<void> {
  const folders = [options.path, options.stagingPath].map(quoteLiteral).join(", ")
  // Otherwise large sorts would spill into a folder below wherever the process was started.
  await admin.run(`SET temp_directory = ${quoteLiteral(join(options.stagingPath, "spill"))}`)
  await admin.run("SET GLOBAL TimeZone = 'UTC'")
  // As PostgreSQL and Redshift sort.
  await admin.run("SET GLOBAL default_null_order = 'nulls_last_on_asc_first_on_desc'")
  await admin.run(`SET allowed_directories = [${folders}]`)
  await admin.run("SET autoinstall_known_extensions = false")
  await admin.run("SET autoload_known_extensions = false")
  await admin.run("SET enable_external_access = false")
  // A session's own: it changes what its user sees, and nobody else.
  await admin.run("SET allowed_configs = ['TimeZone']")
  await admin.run("SET lock_configuration = true")
}
