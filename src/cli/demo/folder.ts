import { rm, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { stringify } from "yaml"
import { lockDataFolder } from "../../configuration/data-folder.ts"
import { SetupError } from "../../configuration/setup-error.ts"
import type { Configuration, WebhookConfiguration } from "../../domain/configuration.ts"
import { stopEmbeddedPostgres } from "../../embedded-postgres/server.ts"
import { endLeftServer } from "./child-server.ts"
import type { SourceEntry } from "./source.ts"
import type { RunningWarehouse, SecondWarehouse } from "./warehouse.ts"

/** Everything the demo keeps, in one folder below the working directory. */
export const demoFolderName = ".millrace-demo"

export interface DemoFolder {
  /** Where the shop's server lives. */
  sourcePath: string
  /** Where the warehouse's server lives, if it has one. */
  warehousePath: string
  /** Where the files of a bucket lie that is no source of the story. */
  bucketPath: string
  /** Millrace's own data_dir. */
  dataDir: string
  logFile: string
  /** Lets go of the folder; `remove`: and leaves nothing of it. */
  release(options: { remove: boolean }): Promise<void>
}

/**
 * Takes the folder for this process and empties it: each demo starts from nothing. Servers that an earlier
 * demo left running when it was killed are stopped first.
 * @throws SetupError when another demo runs here, or the folder cannot be used
 */
export async function takeDemoFolder(): Promise<DemoFolder> {
  const path = resolve(demoFolderName)
  const lock = await lockOf(path)
  const sourcePath = join(path, "source")
  const warehousePath = join(path, "warehouse")
  const dataDir = join(path, "data")
  const empty = async () => {
    for (const server of [sourcePath, warehousePath, join(dataDir, "state")])
      await stopEmbeddedPostgres(server)
    await endLeftServer(sourcePath)
    for (const name of ["source", "warehouse", "bucket", "data", "log", "millrace.yaml"])
      await rm(join(path, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
  await empty()
  return {
    sourcePath,
    warehousePath,
    bucketPath: join(path, "bucket"),
    dataDir,
    logFile: join(path, "log"),
    async release({ remove }) {
      if (remove) await empty()
      await lock.release()
    },
  }
}

async function lockOf(path: string) {
  try {
    return await lockDataFolder(path)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    const place = `The demo keeps its data in ${demoFolderName} of the working directory: another folder serves as well.`
    throw new SetupError(`${error.message} ${place}`, { cause: error })
  }
}

/** What the file says of sources and warehouses. */
interface DemoEntries {
  sources: readonly SourceEntry[]
  warehouse: RunningWarehouse
  second?: SecondWarehouse | undefined
  webhooks?: readonly WebhookConfiguration[] | undefined
}

/** So that `status`, `sql` and `check` find the running demo by `--config`; and an example of the file. */
export async function writeDemoConfiguration(
  { dataDir }: DemoFolder,
  { account, region, listen, warehouses }: Configuration,
  { sources, warehouse, second, webhooks = [] }: DemoEntries,
): Promise<void> {
  const place = ({ host, port }: { host: string; port: number }) => `${host}:${port}`
  const file = {
    account,
    region,
    data_dir: "./data",
    listen: { http: place(listen.http), sql: place(listen.sql) },
    sources,
    warehouses: warehouses.map(({ arn, cluster }) => {
      const { entry } = arn === second?.arn ? second : warehouse
      return { arn, cluster, ...entry }
    }),
    ...(webhooks.length > 0 && { profile_webhooks: webhooks }),
  }
  const head = "# Written by `millrace demo` for as long as it runs.\n"
  await writeFile(join(dataDir, "..", "millrace.yaml"), head + stringify(file), { mode: 0o600 })
}
