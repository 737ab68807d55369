import type { ChildProcess } from "node:child_process"
import { randomUUID } from "node:crypto"
import { readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { waitUntil } from "../support/wait-until.ts"

/** What keeps a process that was told to end; for the message of the test that waits for it. */
export interface StuckProcess {
  /** For the command line of Node: on SIGUSR2 it writes down what is open. */
  flags: string[]
  /** Kills it, and answers what it had open. */
  endedByForce(child: ChildProcess): Promise<string>
}

interface Report {
  javascriptStack?: { stack?: string[] }
  libuv: (Record<string, unknown> & { type: string; is_active?: boolean; is_referenced?: boolean })[]
}

const reportLimitMs = 5_000

export function stuckProcess(): StuckProcess {
  const folder = tmpdir()
  const name = `millrace-stuck-${randomUUID()}.json`
  const path = join(folder, name)
  return {
    flags: [
      "--report-on-signal",
      "--report-signal=SIGUSR2",
      `--report-directory=${folder}`,
      `--report-filename=${name}`,
      "--report-exclude-env",
    ],
    async endedByForce(child) {
      if (child.exitCode !== null || child.signalCode !== null)
        return "it has ended, but a process that it started still holds its output"
      const threads = await threadsOf(child.pid ?? 0)
      child.kill("SIGUSR2")
      const report = await reportIn(path)
      child.kill("SIGKILL")
      await rm(path, { force: true })
      return [
        ...(report === undefined ? ["its main thread answers no signal"] : shown(report)),
        threads,
      ].join("\n")
    },
  }
}

async function reportIn(path: string): Promise<Report | undefined> {
  const reading = waitUntil(async () => JSON.parse(await readFile(path, "utf8")) as Report, {
    what: "the report",
    timeoutMs: reportLimitMs,
  })
  return await reading.catch(() => undefined)
}

function shown({ javascriptStack, libuv }: Report): string[] {
  const open = libuv.filter(({ is_active, is_referenced }) => is_active === true && is_referenced === true)
  const handles = open.map(
    ({ type, localEndpoint, remoteEndpoint, pid, filename, firesInMsFromNow }) =>
      `open: ${type} ${JSON.stringify({ localEndpoint, remoteEndpoint, pid, filename, firesInMsFromNow })}`,
  )
  return [...(javascriptStack?.stack ?? []), ...handles]
}

/** Name, state and what it waits for in the kernel, of each thread; nothing where the system does not tell. */
async function threadsOf(pid: number): Promise<string> {
  const folder = `/proc/${pid}/task`
  const ids = await readdir(folder).catch(() => [])
  const lines = ids.map(async (id) => {
    const read = (name: string) => readFile(join(folder, id, name), "utf8").catch(() => "?")
    const state = /^State:\s*(.*)$/m.exec(await read("status"))?.[1]
    return `thread ${(await read("comm")).trim()}: ${state}, ${await read("wchan")}`
  })
  return (await Promise.all(lines)).join("\n")
}
