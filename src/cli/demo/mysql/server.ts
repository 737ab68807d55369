import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { mkdir, readFile } from "node:fs/promises"
import { delimiter, dirname, join } from "node:path"
import { SetupError } from "../../../configuration/setup-error.ts"
import { type ChildServer, startServerProgram } from "../child-server.ts"
import { type Account, connect } from "./client.ts"

/** Where a mariadbd is installed, and what makes the system tables of a new data folder. */
export interface Installation {
  program: string
  systemTables: string
}

/** Debian has it outside of the PATH of most. */
const usualFolders = () => [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/libexec"]

/** The first of the folders that has a mariadbd with what belongs to it. */
export function findInstallation(folders: string[] = usualFolders()): Installation | undefined {
  for (const folder of folders.filter((one) => existsSync(join(one, "mariadbd"))))
    for (const share of ["mysql", "mariadb"]) {
      const systemTables = join(dirname(folder), "share", share, "mysql_system_tables.sql")
      if (existsSync(systemTables)) return { program: join(folder, "mariadbd"), systemTables }
    }
  return undefined
}

/** What a source must be set to, and small: it is a server for an hour. */
const settings = [
  "--log-bin=bin",
  "--server-id=1",
  "--binlog-format=ROW",
  "--binlog-row-image=FULL",
  "--binlog-row-metadata=FULL",
  "--gtid-strict-mode=ON",
  "--innodb-flush-log-at-trx-commit=2",
  "--innodb-buffer-pool-size=128M",
  "--character-set-server=utf8mb4",
  "--max-connections=200",
]

/** A server on 127.0.0.1 with one account, whose password nobody else knows. */
export async function startMariaDb(
  { program, systemTables }: Installation,
  folder: string,
  account: Account,
): Promise<ChildServer> {
  const data = join(folder, "data")
  // Of its own: a server that starts empties it of other servers' temporary tables, and those can die of it.
  const temporary = join(folder, "tmp")
  // It asks to be told that root is meant. Its port is on the loopback and its folder closed, and both want the password.
  const asRoot = process.getuid?.() === 0 ? ["--user=root"] : []
  const place = ["--no-defaults", ...asRoot, `--datadir=${data}`, `--tmpdir=${temporary}`]
  await mkdir(temporary, { recursive: true, mode: 0o700 })
  await mkdir(join(data, "mysql"), { recursive: true, mode: 0o700 })
  await makeSystemTables(program, place, `${await readFile(systemTables, "utf8")}\n${accountSql(account)}`)
  return await startServerProgram(folder, {
    name: "MariaDB",
    // A path to the socket below the data folder: an absolute one may be longer than sockets allow.
    launch: (port) =>
      spawn(
        program,
        [
          ...place,
          ...settings,
          `--port=${port}`,
          "--bind-address=127.0.0.1",
          "--socket=socket",
          "--skip-name-resolve",
        ],
        { detached: true, stdio: ["ignore", "pipe", "pipe"] },
      ),
    mark: () => `--datadir=${data}`,
    answers: (port) => answers(port, account),
  })
}

function accountSql({ user, password }: Account): string {
  const name = `'${user}'@'127.0.0.1'`
  // One statement to a line is what the server takes at this stage.
  return [
    "FLUSH PRIVILEGES;",
    `CREATE USER ${name} IDENTIFIED BY '${password}';`,
    `GRANT ALL ON *.* TO ${name} WITH GRANT OPTION;`,
    "",
  ].join("\n")
}

/** As mariadb-install-db does, which cannot be used in a folder with a space in its name. */
async function makeSystemTables(program: string, place: string[], sql: string): Promise<void> {
  const child = spawn(program, [...place, "--bootstrap", "--log-warnings=0"], {
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
  })
  let said = ""
  child.stderr.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2_000)
  })
  // It may end before it has read all; what it says then tells more.
  child.stdin.on("error", () => undefined)
  child.stdin.end(`USE mysql;\n${sql}`)
  const [code] = await once(child, "close")
  if (code !== 0) throw new SetupError(`MariaDB cannot make its system tables: ${said.trim()}`)
}

async function answers(port: number, account: Account): Promise<boolean> {
  try {
    await (await connect({ port, account })).end()
    return true
  } catch (error) {
    if ((error as { code?: string }).code === "ECONNREFUSED") return false
    throw error
  }
}
