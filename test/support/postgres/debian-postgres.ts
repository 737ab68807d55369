import { access, readdir } from "node:fs/promises"
import { join } from "node:path"
import type { PostgresBinaries } from "../../../src/embedded-postgres/binaries.ts"

const installations = "/usr/lib/postgresql"

/** The newest PostgreSQL of the machine's own packages; a text says why there is none. */
export async function debianBinaries(): Promise<PostgresBinaries | string> {
  for (const version of await versions()) {
    const initdb = join(installations, version, "bin", "initdb")
    const postgres = join(installations, version, "bin", "postgres")
    if (!(await present(initdb)) || !(await present(postgres))) continue
    return { initdb, postgres, localeArguments: ["--locale=C.UTF-8"], environment: {} }
  }
  return `no PostgreSQL under ${installations}: apt-get install postgresql`
}

async function versions(): Promise<string[]> {
  const names = await readdir(installations).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return []
    throw error
  })
  return names.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a))
}

function present(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
