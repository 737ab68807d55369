/**
 * A reporter of Node's test runner, loaded in each test process: one line of JSON per event that the run counts, and last
 * a line with the processor time. Lines are written as they come, so that a process that is killed leaves what it told.
 */
import { readFileSync } from "node:fs"
import { relative } from "node:path"
import type { TestEvent } from "node:test/reporters"

/** What a test process tells the run. */
export type EventLine =
  | { kind: "started"; name: string; file: string }
  | { kind: "passed" }
  | { kind: "failed"; name: string; file: string; message: string }
  | { kind: "skipped"; name: string; file: string; reason: string }
  /** Of the process and of all its children that have ended. */
  | { kind: "ended"; processorSeconds: number }

// What a test forks is started with our own arguments unless told otherwise: it would write over the files of our reports.
process.execArgv = process.execArgv.filter((argument) => !argument.startsWith("--test-"))

export default async function* eventLines(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const line = lineOf(event)
    if (line !== undefined) yield `${JSON.stringify(line)}\n`
  }
  yield `${JSON.stringify({ kind: "ended", processorSeconds: processorSeconds() } satisfies EventLine)}\n`
}

/** Single tests are counted, not the suites around them; but a suite fails by itself when its hook does. */
function lineOf(event: TestEvent): EventLine | undefined {
  switch (event.type) {
    // Told at once; `test:start` waits until the tests before it have been reported.
    case "test:dequeue":
      return { kind: "started", ...named(event.data) }
    case "test:pass": {
      const { skip, details } = event.data
      if (details.type === "suite") return undefined
      if (skip === undefined || skip === false) return { kind: "passed" }
      return { kind: "skipped", ...named(event.data), reason: typeof skip === "string" ? skip : "" }
    }
    case "test:fail": {
      const { todo, details } = event.data
      const error = details.error as Error & { failureType?: string }
      if (error.failureType === "subtestsFailed" || todo !== undefined) return undefined
      const message = error.cause instanceof Error ? error.cause.message : error.message
      return { kind: "failed", ...named(event.data), message }
    }
    default:
      return undefined
  }
}

/** The file is given from the project's root, where test processes run. */
function named({ name, file }: { name: string; file?: string }): { name: string; file: string } {
  return { name, file: file === undefined ? "" : relative(process.cwd(), file) }
}

const ticksPerSecond = 100

/** The kernel adds up what children took when they are waited for. */
function processorSeconds(): number {
  if (process.platform !== "linux") {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  }
  const stat = readFileSync("/proc/self/stat", "utf8")
  // The command may hold spaces: fields are counted from behind it, where the third begins. 14 to 17 are the times.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond
}
