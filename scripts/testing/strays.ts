import { glob, readdir, readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { isRunning, wasStartedWith } from "../../src/embedded-postgres/processes.ts"

/** Ends the processes that tests of this run left behind, and names them. `spared`: a server that is still needed. */
export async function removeStrays(folder: string, spared?: number): Promise<string[]> {
  const all = [...(await straysByEnvironment(folder)), ...(await strayServers(folder))]
  const found = all.filter(({ pid }) => pid !== spared)
  for (const { pid } of found) kill(pid)
  return found.map(({ pid, command }) => `${pid} ${command}`)
}

interface Stray {
  pid: number
  command: string
}

/** What tests start inherits the variable that names the run's folder. */
async function straysByEnvironment(folder: string): Promise<Stray[]> {
  if (process.platform !== "linux") return []
  const strays: Stray[] = []
  for (const name of await readdir("/proc")) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid || !(await isRunning(pid))) continue
    const environment = (await readIfAllowed(`/proc/${pid}/environ`)).split("\0")
    if (!environment.includes(`MILLRACE_TEST_FOLDER=${folder}`)) continue
    const command = (await readIfAllowed(`/proc/${pid}/cmdline`)).replaceAll("\0", " ").trim()
    strays.push({ pid, command })
  }
  return strays
}

/** PostgreSQL servers do not inherit it, but their data lie in that folder. */
async function strayServers(folder: string): Promise<Stray[]> {
  const strays: Stray[] = []
  for await (const file of glob("**/postmaster.pid", { cwd: folder })) {
    const data = dirname(join(folder, file))
    const pid = Number.parseInt(await readIfAllowed(join(data, "postmaster.pid")), 10)
    if (pid > 0 && (await isRunning(pid)) && (await wasStartedWith(pid, data)))
      strays.push({ pid, command: `postgres -D ${data}` })
  }
  return strays
}

/** Processes end, and those of others are closed to an ordinary user: neither is a stray of ours. */
async function readIfAllowed(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8")
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(String((error as NodeJS.ErrnoException).code)))
      return ""
    throw error
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}
