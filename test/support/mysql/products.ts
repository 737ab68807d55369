import { existsSync } from "node:fs"
import { join } from "node:path"
import { programOf, type SuiteServer, suiteServers, unpackedRoot } from "../suite-servers.ts"

interface Command {
  command: string
  args: string[]
}

/** A server that speaks MySQL's protocol, and what differs between such servers where tests touch it. */
export interface MysqlProduct {
  readonly name: "MariaDB" | "MySQL"
  /** For titles of tests: tells versions apart. */
  readonly label: string
  /** Why there can be no server here: pass it to `skip`. */
  missing(): string | undefined
  /** Makes the system tables of an empty data folder, then runs the statements of a file. */
  install(options: string[], setUpFile: string): Command
  /** What is run once, when the data folder has been made. */
  readonly setUp: string
  serve(options: string[]): Command
  readonly settings: Record<string, string>
  /** To be read in FROM: a table with the column `seq`, from 1 to `count`. */
  numbers(count: number | string): string
  /** The statement that empties the binary log. */
  readonly resetLog: string
  /** One of the same kind that leaves the log alone. */
  readonly resetOther: string
}

/** Set by a long test that runs the suites on another product: its label. */
export const PRODUCT_VARIABLE = "MILLRACE_TEST_MYSQL_PRODUCT"

const mariaDbProgram = "/usr/sbin/mariadbd"

/** Of the machine's own Debian. */
export const mariaDbProduct: MysqlProduct = {
  name: "MariaDB",
  label: "MariaDB",
  missing: () =>
    existsSync(mariaDbProgram) ? undefined : `no ${mariaDbProgram}: apt-get install mariadb-server`,
  install: (options) => ({
    command: "mariadb-install-db",
    args: [
      "--no-defaults",
      ...options,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
      "--skip-name-resolve",
      // Otherwise of 96 MiB, which every test's server would get a copy of.
      "--innodb-log-file-size=16M",
    ],
  }),
  setUp: "",
  serve: (options) => ({ command: mariaDbProgram, args: ["--no-defaults", ...options] }),
  settings: { "gtid-strict-mode": "ON", "innodb-log-file-size": "16M" },
  numbers: (count) => `seq_1_to_${count}`,
  resetLog: "RESET MASTER",
  resetOther: "RESET SLAVE",
}

/** The next long-term version, of another Debian suite. */
export const newerMariaDbProduct: MysqlProduct = {
  ...mariaDbProduct,
  label: "MariaDB 11.8",
  missing: () => notFetched(suiteServers.mariadb),
  // Its own script for this is made for an installed server.
  install(options, setUpFile) {
    const { command, args } = newerMariaDb([
      "--bootstrap",
      "--log-warnings=0",
      "--innodb-log-file-size=16M",
      ...options,
    ])
    const folder = join(rootOf(suiteServers.mariadb), "usr/share/mariadb")
    const parts = ["system_tables", "performance_tables", "system_tables_data"]
    const data = options.find((option) => option.startsWith("--datadir="))?.slice("--datadir=".length) ?? ""
    const files = [...parts.map((part) => join(folder, `mariadb_${part}.sql`)), setUpFile]
    const script =
      'data="$1"; shift; mkdir -p "$data/mysql"; chown --reference="$data" "$data/mysql"; { echo "USE mysql;"; cat "$1" "$2" "$3" "$4"; } | { shift 4; "$@"; }'
    return { command: "sh", args: ["-c", script, "sh", data, ...files, command, ...args] }
  },
  setUp: [
    "FLUSH PRIVILEGES;",
    "CREATE OR REPLACE USER root@'127.0.0.1' IDENTIFIED BY '';",
    "GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;",
  ].join("\n"),
  serve: (options) => newerMariaDb(options),
}

function newerMariaDb(options: string[]): Command {
  const root = rootOf(suiteServers.mariadb)
  const { command, args } = programOf(root, suiteServers.mariadb.program)
  const folders = [
    `--lc-messages-dir=${join(root, "usr/share/mariadb")}`,
    `--character-sets-dir=${join(root, "usr/share/mariadb/charsets")}`,
    `--plugin-dir=${join(root, "usr/lib/mysql/plugin")}`,
  ]
  return { command, args: [...args, "--no-defaults", ...folders, ...options] }
}

function notFetched(server: SuiteServer): string | undefined {
  if (unpackedRoot(server) !== undefined) return undefined
  return `no ${server.name} has been fetched: \`npm test\` does it where Debian's apt is`
}

function rootOf(server: SuiteServer): string {
  const root = unpackedRoot(server)
  if (root === undefined) throw new Error(`no ${server.name} has been fetched`)
  return root
}

/** Of another Debian suite, unpacked by `npm test`. */
export const mysqlProduct: MysqlProduct = {
  name: "MySQL",
  label: "MySQL",
  missing: () => notFetched(suiteServers.mysql),
  install: (options, setUpFile) =>
    mysqld([
      "--initialize-insecure",
      `--init-file=${setUpFile}`,
      "--innodb-redo-log-capacity=32M",
      ...options,
    ]),
  // Its root is at "localhost" only, and names are not resolved.
  setUp:
    "CREATE USER root@'127.0.0.1' IDENTIFIED BY ''; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION; GRANT PROXY ON ''@'' TO root@'127.0.0.1' WITH GRANT OPTION;",
  serve: (options) => mysqld(options),
  settings: {
    "gtid-mode": "ON",
    "enforce-gtid-consistency": "ON",
    "innodb-redo-log-capacity": "32M",
    "cte-max-recursion-depth": "10000000",
    mysqlx: "OFF",
  },
  numbers: (count) =>
    `(WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < ${count}) SELECT seq FROM n) AS numbers`,
  resetLog: "RESET BINARY LOGS AND GTIDS",
  resetOther: "RESET REPLICA",
}

function mysqld(options: string[]): Command {
  const root = rootOf(suiteServers.mysql)
  const { command, args } = programOf(root, suiteServers.mysql.program)
  const folders = [
    `--lc-messages-dir=${join(root, "usr/share/mysql")}`,
    `--character-sets-dir=${join(root, "usr/share/mysql/charsets")}`,
    `--plugin-dir=${join(root, "usr/lib/mysql/plugin")}`,
    "--secure-file-priv=",
  ]
  return { command, args: [...args, "--no-defaults", ...folders, ...options] }
}
