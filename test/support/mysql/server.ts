import { join } from "node:path"
import { freePort } from "../free-port.ts"
import { removeFolder } from "../temporary-folder.ts"
import { freshMysqlFolder } from "./data.ts"
import { asking, opened, startServer, stopServer, tellingDeath, withConnection } from "./process.ts"
import type { MysqlProduct } from "./products.ts"

export interface MysqlServer {
  readonly product: MysqlProduct
  readonly port: number
  /** Of root, who has no password. */
  readonly url: string
  /** The folder with its files. */
  readonly folder: string
  /** Runs statements one after another, on a connection of their own. */
  sql(...statements: string[]): Promise<void>
  /** Every value as text, as the server prints it. */
  rows(statement: string): Promise<(string | null)[][]>
  /** The same work; when it fails and the server has died meanwhile, the server's last words say why. */
  orDeath<T>(work: Promise<T>): Promise<T>
  /** A connection that stays open until it is closed. */
  session(charset?: string): Promise<MysqlSession>
  kill9(): Promise<void>
  /** With other settings from then on, where they are given; `offline` runs while the server is down. */
  restart(changed?: Record<string, string>, offline?: () => Promise<void>): Promise<void>
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

export interface MysqlSession {
  run(sql: string): Promise<void>
  close(): void
}

/** What a source must be set to, and quick: tests kill servers, never machines. */
const usual: Record<string, string> = {
  "log-bin": "bin",
  "server-id": "1",
  "binlog-format": "ROW",
  "binlog-row-image": "FULL",
  "binlog-row-metadata": "FULL",
  "innodb-flush-log-at-trx-commit": "2",
  "innodb-buffer-pool-size": "24M",
  "character-set-server": "utf8mb4",
}

/** What a server keeps as it was when its data folder was made. */
const lastingSettings = ["lower-case-table-names"]

/** A server of this product, on a port and in a folder of its own. */
export async function startMysqlServer(
  product: MysqlProduct,
  settings: Record<string, string> = {},
): Promise<MysqlServer> {
  const lasting = lastingSettings.flatMap((name) =>
    settings[name] === undefined ? [] : [`--${name}=${settings[name]}`],
  )
  const { path: folder, folders, asUser } = await freshMysqlFolder(product, lasting)
  const port = await freePort()
  const own = { ...usual, ...product.settings, ...settings }
  const start = () => {
    const place = [...folders, `--port=${port}`, `--socket=${join(folder, "socket")}`]
    const { command, args } = product.serve([
      ...asUser,
      ...place,
      "--bind-address=127.0.0.1",
      "--skip-name-resolve",
      ...Object.entries(own).map(([name, value]) => `--${name}=${value}`),
    ])
    return startServer(command, args, port)
  }
  let server = await start()
  const orDeath = <T>(work: Promise<T>) => tellingDeath(() => server, work)
  return {
    product,
    port,
    url: `mysql://root@127.0.0.1:${port}/`,
    folder,
    orDeath,
    sql: (...statements) =>
      orDeath(
        withConnection(port, async (ask) => {
          for (const statement of statements) await ask(statement)
        }),
      ),
    rows: (statement) => orDeath(withConnection(port, (ask) => ask(statement))),
    async session(charset) {
      const connection = await orDeath(opened(port, charset))
      return {
        run: async (sql) => void (await orDeath(asking(connection)(sql))),
        close: () => connection.destroy(),
      }
    },
    kill9: () => stopServer(server, "SIGKILL"),
    async restart(changed = {}, offline) {
      await stopServer(server, "SIGTERM")
      Object.assign(own, changed)
      await offline?.()
      server = await start()
    },
    async remove() {
      await stopServer(server, "SIGKILL")
      await removeFolder(folder)
    },
  }
}
