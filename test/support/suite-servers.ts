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
  /** Packages of which only the files are needed, not what they depend on. */
  alone?: readonly string[]
  /** Below the folder into which the packages are unpacked. */
  program: string
  /** Dependencies that tests have no use for, by the beginnings of their names. */
  without?: readonly string[]
  /** Programs of it that one another start by their paths: each becomes a script that starts it by its own loader. */
  scripts?: readonly string[]
  /** Where the machine's own packages have it: then it is not fetched. */
  installed?: string
}

function postgresOf(version: number, suite: string) {
  const folder = `usr/lib/postgresql/${version}/bin`
  return {
    name: `PostgreSQL ${version}`,
    suite,
    packages: [`postgresql-${version}`],
    program: `${folder}/postgres`,
    without: [
      "libllvm",
      "libz3",
      "perl",
      "libperl",
      "locales",
      "postgresql-client",
      "postgresql-common",
      "ssl-cert",
    ],
    scripts: [`${folder}/postgres`, `${folder}/initdb`],
    installed: `/${folder}/postgres`,
  } as const
}

/** Every one that tests use; `npm test` brings them. */
export const suiteServers = {
  mysql: {
    name: "MySQL",
    suite: "sid",
    packages: ["mysql-server-core", "mysql-client-core"],
    program: "usr/sbin/mysqld",
  },
  postgres13: postgresOf(13, "bullseye"),
  postgres15: postgresOf(15, "bookworm"),
  postgres17: postgresOf(17, "trixie"),
  mariadb: {
    name: "MariaDB",
    suite: "trixie",
    packages: ["mariadb-server-core"],
    // The statements that make its system tables.
    alone: ["mariadb-server"],
    program: "usr/sbin/mariadbd",
  },
} satisfies Record<string, SuiteServer>

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
  // Before trixie, libraries are not all below usr.
  const libraries = ["usr/lib", "lib"].map((folder) => join(root, folder, "x86_64-linux-gnu"))
  const loaders = libraries.map((folder) => join(folder, "ld-linux-x86-64.so.2"))
  const loader = loaders.find((path) => existsSync(path)) ?? loaders[0] ?? ""
  return { command: loader, args: ["--library-path", libraries.join(":"), join(root, program)] }
}
