import { existsSync, readdirSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

/** A server whose packages are of a Debian suite other than the machine's. */
export interface SuiteServer {
  /** What people call it. */
  name: string
  suite: string
  /** The first one's version names the cache folder. */
  packages: readonly [string, ...string[]]
  /** Below the folder into which the packages are unpacked. */
  program: string
}

/** Every one that tests use; `npm test` brings them. */
export const suiteServers = {
  mysql: {
    name: "MySQL",
    suite: "sid",
    packages: ["mysql-server-core", "mysql-client-core"],
    program: "usr/sbin/mysqld",
  },
} as const satisfies Record<string, SuiteServer>

/**
 * Where unpacked servers stay between runs, keyed by package and version. Not below root's home: a server of a test runs
 * as another account, which may not look in there.
 */
export function suiteServerFolder({ packages: [first] }: SuiteServer): string {
  const root =
    process.getuid?.() === 0 ? "/var/cache" : (process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"))
  return join(root, "millrace-test-servers", first)
}

/** The folder that the newest version is unpacked in; undefined: not fetched. */
export function unpackedRoot(server: SuiteServer): string | undefined {
  const folder = suiteServerFolder(server)
  if (!existsSync(folder)) return undefined
  const versions = readdirSync(folder).filter((name) => existsSync(join(folder, name, server.program)))
  const [newest] = versions
    .filter((name) => !name.startsWith("fetching-"))
    .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
  return newest === undefined ? undefined : join(folder, newest)
}

/** How a program of an unpacked server is started: by its own loader and libraries. */
export function programOf(root: string, program: string): { command: string; args: string[] } {
  const loader = join(root, "usr/lib64/ld-linux-x86-64.so.2")
  const libraries = join(root, "usr/lib/x86_64-linux-gnu")
  return { command: loader, args: ["--library-path", libraries, join(root, program)] }
}
