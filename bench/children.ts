import { type ChildProcess, execFile, fork } from "node:child_process"
import { promisify } from "node:util"
import type { Report, Request } from "./child-pipeline.ts"

export interface PipelineChild {
  next<K extends Report["kind"]>(kind: K): Promise<Extract<Report, { kind: K }>>
  /** Returns what ends it. */
  on(listener: (report: Report) => void): () => void
  query(sql: string): Promise<unknown[][]>
  usage(): Promise<Extract<Report, { kind: "usage" }>>
  stop(): Promise<void>
}

const script = (name: string) => new URL(name, import.meta.url).pathname

/**
 * A process of its own, as in production: its processor time and memory are ours alone. `warehouseUrl`: of a PostgreSQL that is the
 * warehouse; absent: DuckDB in `folder`.
 */
export function startPipelineChild(
  folder: string,
  url: string,
  tables: string[],
  { pipelines = 1, warehouseUrl = "" }: { pipelines?: number; warehouseUrl?: string } = {},
): PipelineChild {
  const child: ChildProcess = fork(
    script("child-pipeline.ts"),
    [folder, url, tables.join(","), String(pipelines), warehouseUrl],
    {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    },
  )
  const listeners = new Set<(report: Report) => void>()
  const waiting = new Set<(error: Error) => void>()
  child.once("exit", (code) => {
    for (const reject of waiting) reject(new Error(`the pipeline's process ended (${code})`))
  })
  child.on("message", (report: Report) => {
    if (report.kind === "problem") process.stderr.write(`bench: ${report.message}\n`)
    for (const listener of listeners) listener(report)
  })
  const next = <K extends Report["kind"]>(kind: K) =>
    new Promise<Extract<Report, { kind: K }>>((resolve, reject) => {
      const listener = (report: Report) => {
        if (report.kind !== kind) return
        listeners.delete(listener)
        waiting.delete(reject)
        resolve(report as Extract<Report, { kind: K }>)
      }
      listeners.add(listener)
      waiting.add(reject)
    })
  return {
    next,
    on(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async query(sql) {
      const answer = next("rows")
      child.send({ kind: "query", sql } satisfies Request)
      return (await answer).rows
    },
    usage() {
      const answer = next("usage")
      child.send({ kind: "usage" } satisfies Request)
      return answer
    },
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve())
        child.send({ kind: "stop" } satisfies Request)
      }),
  }
}

/** Runs a reader that throws everything away; how long it took, in ms. */
export async function runDiscard(...args: string[]): Promise<number> {
  return await timeOf("child-discard.ts", args)
}

/** Copies a table from one server into another by their own COPY; how long it took, its key included, in ms. */
export async function runCopy(sourceUrl: string, targetUrl: string, table: string): Promise<number> {
  return await timeOf("child-copy.ts", [sourceUrl, targetUrl, table])
}

async function timeOf(name: string, args: readonly string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [script(name), ...args])
  return Number(stdout)
}
