import assert from "node:assert/strict"
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { stringify } from "yaml"
import { isRunning } from "../../src/embedded-postgres/processes.ts"
import { freePort } from "../support/free-port.ts"
import { stateDatabase } from "../support/postgres/state-database.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"
import { waitUntil } from "../support/wait-until.ts"
import { atEnd } from "./clean-up.ts"
import { type Ended, type MillraceProcess, runMillrace, spawnMillrace } from "./process.ts"
import { splitBy, wantedSplit } from "./split.ts"
import { rowMarker } from "./workload.ts"

export const account = "123456789012"
export const region = "us-east-1"
export const sourceArn = `arn:aws:rds:${region}:${account}:db:orders`
export const targetArn = `arn:aws:redshift-serverless:${region}:${account}:namespace/8f2c1d3e-0000-4000-8000-00000000e2e0`
export const accessKeyId = "AKIDE2EEXAMPLE"
/** Secrets of every configuration made here: nothing that Millrace prints may hold one of them. */
export const secretAccessKey = "kEySeCrEt-7Gm2Wq9Xz-MARKER"
export const sqlPassword = "sQlPaSsWoRd-4Jt8Rb-MARKER"

export interface PlaceOptions {
  /** URLs by ARN; of PostgreSQL where no engine is said. */
  sources: { arn: string; url: string; engine?: "mysql" }[]
  /** Sources behind an AWS API, as they stand in the configuration. */
  services?: Record<string, unknown>[]
  /** `embedded`: under the data folder. Default: a database of the test's own on the shared server, which starts sooner. */
  state?: "embedded" | { url: string }
  /** Where the data folder lies; default inside the place's own folder. */
  dataDir?: string
  warehousePath?: string
  /** Of a PostgreSQL server that is the only warehouse, instead of a DuckDB. */
  warehouseUrl?: string | undefined
  /** As people start it: two processes under a supervisor. Default: one process, which costs half of the processor to start. */
  isIsolated?: boolean
}

/** One installation of Millrace: a configuration and a data folder, started and killed as often as a test likes. */
export interface Place {
  readonly folder: string
  readonly dataDir: string
  readonly configPath: string
  readonly httpPort: number
  readonly sqlPort: number
  readonly stateUrl: string | undefined
  /** The server that people ask themselves, where it is the warehouse: see `connectSql`. */
  readonly warehouseUrl: string | undefined
  /** Everything every process of it printed. */
  output(): string
  /** Starts `serve` and waits until it is ready. */
  start(environment?: Record<string, string>): Promise<MillraceProcess>
  /** Starts `serve` and waits for its end. */
  fail(environment?: Record<string, string>): Promise<Ended>
  /** `roles`: as `--roles` takes them; all without. */
  spawn(environment?: Record<string, string>, roles?: string): MillraceProcess
  /**
   * Starts a process with these roles of it, and waits until it is ready. `beside`: with its HTTP port on another than
   * `httpPort`, so that a process with the role `api` can have that one.
   */
  startRoles(roles: string, port?: "own" | "beside"): Promise<MillraceProcess>
  run(...args: string[]): Promise<Ended>
  configure(change: (configuration: Record<string, unknown>) => void): Promise<void>
}

export async function newPlace(context: TestContext, options: PlaceOptions): Promise<Place> {
  const folder = await temporaryFolder("place")
  // An embedded PostgreSQL runs as another account when we are root, and must get through.
  await chmod(folder, 0o755)
  const dataDir = options.dataDir ?? join(folder, "data")
  const httpPort = await freePort()
  let sqlPort = await freePort()
  while (sqlPort === httpPort) sqlPort = await freePort()
  const stateUrl = await stateOf(context, options)
  const configuration = configurationOf(options, { dataDir, httpPort, sqlPort, stateUrl })
  const besidePort = await freePort()
  const [configPath, besidePath] = [join(folder, "millrace.yaml"), join(folder, "beside.yaml")]
  const write = async () => {
    await writeFile(configPath, stringify(configuration))
    await writeFile(besidePath, stringify({ ...configuration, listen: otherPort(configuration, besidePort) }))
  }
  await mkdir(folder, { recursive: true })
  await write()
  const processes: MillraceProcess[] = []
  const printed: string[] = []
  const output = () => [...processes.map((one) => one.output()), ...printed].join("\n")
  const secrets = [
    ...options.sources.map(({ url }) => url),
    stateUrl ?? "",
    options.warehouseUrl ?? "",
  ].flatMap(passwordOf)
  atEnd(context, async () => {
    for (const one of processes) await one.kill9()
    await stopEmbedded(dataDir)
    assertNoSecrets(output(), secrets)
    await removeFolder(folder)
  })
  const isIsolated = options.isIsolated === true || wantedSplit() === "isolated"
  const spawn = (environment: Record<string, string> = {}, roles?: string, config = configPath) => {
    // A program of a test's own takes no options, and bin/millrace starts as people start it.
    const isOwn = environment.MILLRACE_TEST_ENTRY !== undefined
    const split = roles !== undefined ? ["--roles", roles] : isIsolated || isOwn ? [] : ["--single"]
    const started = spawnMillrace(["serve", "--config", config, ...split], environment)
    processes.push(started)
    return started
  }
  const spawnSplit = (environment: Record<string, string> = {}) => {
    // An embedded state database has one process or its children, and a program of a test's own is one.
    const isWhole = isIsolated || stateUrl === undefined || environment.MILLRACE_TEST_ENTRY !== undefined
    return splitBy(isWhole ? "whole" : wantedSplit(), (roles, isBeside) =>
      spawn(environment, roles, isBeside ? besidePath : configPath),
    )
  }
  return {
    folder,
    dataDir,
    configPath,
    httpPort,
    sqlPort,
    stateUrl,
    warehouseUrl: options.warehouseUrl,
    output,
    spawn,
    async start(environment) {
      const started = spawnSplit(environment)
      await started.ready()
      return started
    },
    async startRoles(roles, port = "own") {
      const started = spawn({}, roles, port === "own" ? configPath : besidePath)
      await started.ready()
      return started
    },
    fail: (environment) => spawn(environment).ended,
    async run(...args) {
      const ended = await runMillrace([...args, "--config", configPath])
      printed.push(ended.output)
      return ended
    },
    async configure(change) {
      change(configuration)
      await write()
    },
  }
}

function configurationOf(
  options: PlaceOptions,
  { dataDir, httpPort, sqlPort, stateUrl }: Pick<Place, "dataDir" | "httpPort" | "sqlPort" | "stateUrl">,
): Record<string, unknown> {
  return {
    data_dir: dataDir,
    listen: { http: `127.0.0.1:${httpPort}`, sql: `127.0.0.1:${sqlPort}` },
    ...(stateUrl && { state: stateUrl }),
    credentials: [{ access_key_id: accessKeyId, secret_access_key: secretAccessKey, policy: "admin" }],
    sql_users: [{ name: "admin", password: sqlPassword, policy: "admin" }],
    sources: [
      ...options.sources.map(({ arn, url, engine = "postgres" }) => ({ arn, engine, url })),
      ...(options.services ?? []),
    ],
    warehouses: [{ arn: targetArn, ...warehouseOf(options) }],
  }
}

function warehouseOf({ warehousePath: path, warehouseUrl: url }: PlaceOptions): Record<string, unknown> {
  if (url !== undefined) return { engine: "postgres", url }
  return { engine: "duckdb", ...(path && { path }) }
}

function otherPort({ listen }: Record<string, unknown>, httpPort: number): unknown {
  return { ...(listen as object), http: `127.0.0.1:${httpPort}` }
}

async function stateOf(context: TestContext, { state }: PlaceOptions): Promise<string | undefined> {
  if (state === "embedded") return undefined
  if (state !== undefined) return state.url
  const database = await stateDatabase()
  atEnd(context, () => database.drop())
  return database.url
}

function passwordOf(url: string): string[] {
  const password = url === "" ? "" : decodeURIComponent(new URL(url).password)
  return password === "" ? [] : [password]
}

/** Row values and secrets must not be in what people send to others for help. */
export function assertNoSecrets(text: string, more: readonly string[] = []): void {
  for (const secret of [rowMarker, secretAccessKey, sqlPassword, ...more]) {
    const at = text.indexOf(secret)
    assert.equal(at, -1, `printed a secret: …${text.slice(Math.max(0, at - 300), at + 60)}…`)
  }
}

/** The process id of the embedded PostgreSQL of a data folder, if it runs. */
export async function embeddedPid(dataDir: string): Promise<number | undefined> {
  const pidFile = join(dataDir, "state", "cluster", "data", "postmaster.pid")
  let text: string
  try {
    text = await readFile(pidFile, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
  const pid = Number.parseInt(text, 10)
  return pid > 0 && (await isRunning(pid)) ? pid : undefined
}

/** A killed Millrace leaves it running, on purpose. */
export async function stopEmbedded(dataDir: string): Promise<void> {
  const pid = await embeddedPid(dataDir)
  if (pid === undefined) return
  process.kill(pid, "SIGKILL")
  await waitUntil(async () => !(await isRunning(pid)), { what: "the embedded PostgreSQL to end" })
}
