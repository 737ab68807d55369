import { chmod, mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { stringify } from "yaml"
import { openStore, type Store } from "../../../src/state/store.ts"
import { freePort } from "../../support/free-port.ts"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"
import { atEnd } from "../clean-up.ts"
import { accessKeyId, account, region, secretAccessKey, sqlPassword } from "../place.ts"
import { type MillraceProcess, spawnMillrace } from "../process.ts"
import { type Api, apiOf } from "../rds.ts"

export const warehouseArn = `arn:aws:redshift-serverless:${region}:${account}:namespace/8f2c1d3e-0000-4000-8000-000000070b11`
const shownArn = `arn:aws:redshift-serverless:${region}:${account}:namespace/8f2c1d3e-0000-4000-8000-000000070b12`

export const sourceArnOf = (name: string) =>
  `arn:aws:rds:${region}:${account}:db:${name.replaceAll("_", "-")}`

/** Servers as every host sees them. */
export interface Servers {
  stateUrl: string
  warehouseUrl: string
  /** URLs of source databases, by name. */
  sources: ReadonlyMap<string, string>
}

/** Where a host's process runs. */
export interface Site {
  name: string
  /** What it is started by, before its own command. */
  wrapper?: readonly string[]
  environment?: Record<string, string>
  /** As it sees them; absent: as all do. */
  servers?: Servers
}

/** A host as Millrace sees it: a data folder of its own, with which a worker is started as often as a test likes. */
export interface Host {
  readonly name: string
  /** The newest process. */
  readonly process: MillraceProcess
  /** Starts a worker and waits until it is ready. */
  start(): Promise<void>
}

export interface Hosts {
  hosts: readonly Host[]
  api: Api
  /** The state database as this process sees it. */
  store: Store
  /** Pipelines of each host now, by the hosts' names. */
  counts(): Promise<Map<string, number>>
}

export interface HostsOptions {
  sites: readonly Site[]
  /** As this machine sees them. */
  servers: Servers
}

/** Starts a worker at each site, and a process with the API here. */
export async function startHosts(context: TestContext, { sites, servers }: HostsOptions): Promise<Hosts> {
  const folder = await temporaryFolder("hosts")
  await chmod(folder, 0o755)
  const started: MillraceProcess[] = []
  atEnd(context, async () => {
    for (const one of started) {
      one.child.kill("SIGCONT")
      await one.kill9()
    }
    await removeFolder(folder)
  })
  const spawn = (site: Site, config: string, roles: string) => {
    const args = ["serve", "--config", config, "--roles", roles]
    const process = spawnMillrace(args, site.environment, { wrapper: site.wrapper })
    started.push(process)
    return process
  }
  const httpPort = await freePort()
  const apiConfig = await configure(folder, "api", servers, httpPort)
  const hosts = await Promise.all(sites.map((site) => newHost(site, folder, site.servers ?? servers, spawn)))
  const api = spawn({ name: "api" }, apiConfig, "api")
  await Promise.all([api.ready(), ...hosts.map((host) => host.start())])
  const store = await openStore(servers.stateUrl)
  atEnd(context, () => store.close())
  return { hosts, api: apiOf({ httpPort }), store, counts: () => countsOf(store, hosts) }
}

async function newHost(
  site: Site,
  folder: string,
  servers: Servers,
  spawn: (site: Site, config: string, roles: string) => MillraceProcess,
): Promise<Host> {
  const config = await configure(folder, site.name, servers, await freePort())
  let process: MillraceProcess | undefined
  return {
    name: site.name,
    get process() {
      if (process === undefined) throw new Error(`${site.name} was not started`)
      return process
    },
    async start() {
      process = spawn(site, config, "sql,worker")
      await process.ready()
    },
  }
}

async function configure(folder: string, name: string, servers: Servers, httpPort: number): Promise<string> {
  const dataDir = join(folder, name)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const path = join(folder, `${name}.yaml`)
  const configuration = {
    data_dir: join(dataDir, "data"),
    state: servers.stateUrl,
    listen: { http: `127.0.0.1:${httpPort}`, sql: `127.0.0.1:${await freePort()}` },
    credentials: [{ access_key_id: accessKeyId, secret_access_key: secretAccessKey, policy: "admin" }],
    sql_users: [{ name: "admin", password: sqlPassword, policy: "admin" }],
    sources: [...servers.sources].map(([source, url]) => ({
      arn: sourceArnOf(source),
      engine: "postgres",
      url,
    })),
    warehouses: [
      { arn: shownArn, engine: "duckdb" },
      { arn: warehouseArn, cluster: "pg", engine: "postgres", url: servers.warehouseUrl, layout: "schemas" },
    ],
  }
  await writeFile(path, stringify(configuration))
  return path
}

async function countsOf(store: Store, hosts: readonly Host[]): Promise<Map<string, number>> {
  const counts = new Map(hosts.map(({ name }) => [name, 0]))
  for (const { processId, isExpired } of await store.leases.all()) {
    const host = hosts.find(({ process }) => process.pid === processId)
    if (host !== undefined && !isExpired) counts.set(host.name, (counts.get(host.name) ?? 0) + 1)
  }
  return counts
}
