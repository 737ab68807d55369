import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"

/** Debian packages that tests use, and what shows that each is there. */
const wanted = [
  { name: "postgresql", isThere: () => existsSync("/usr/lib/postgresql") },
  { name: "postgresql-client", isThere: () => isOnPath("psql") },
  { name: "awscli", isThere: () => isOnPath("aws") },
  { name: "default-jdk-headless", isThere: () => isOnPath("javac") },
  { name: "libpostgresql-jdbc-java", isThere: () => existsSync("/usr/share/java/postgresql.jar") },
  { name: "python3-psycopg2", isThere: () => isPython("psycopg2") },
  { name: "prometheus", isThere: () => isOnPath("promtool") },
  { name: "systemd", isThere: () => isOnPath("systemd-notify") },
  { name: "python3-sqlalchemy", isThere: () => isPython("sqlalchemy") },
  { name: "python3-psycopg", isThere: () => isPython("psycopg") },
  { name: "python3-asyncpg", isThere: () => isPython("asyncpg") },
  { name: "python3-pyodbc", isThere: () => isPython("pyodbc.pyi") },
  { name: "odbc-postgresql", isThere: () => existsSync("/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so") },
  { name: "chromium", isThere: () => existsSync("/usr/bin/chromium") },
  { name: "mariadb-server", isThere: () => existsSync("/usr/sbin/mariadbd") },
]

function isPython(module: string): boolean {
  return existsSync(join("/usr/lib/python3/dist-packages", module))
}

function isOnPath(command: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, command)))
}

/** Brings what is missing where that is ours to do: as root on a machine with apt. Elsewhere its tests are skipped. */
export function installPackages(): void {
  const missing = wanted.filter(({ isThere }) => !isThere()).map(({ name }) => name)
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return
  console.error(`installing for the tests: ${missing.join(" ")}`)
  apt(["update", "-qq"])
  apt(["install", "-qq", "--yes", "--no-install-recommends", ...missing])
}

function apt(args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  const { status } = spawnSync("apt-get", args, {
    env,
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 600_000,
  })
  // Not fatal: the tests that need it say so.
  if (status !== 0) console.error(`apt-get ${args.join(" ")} ended with ${status}`)
}
