/** How long test files take, as `npm test -- --record` measured it last: it decides the order, nothing else. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Outcome } from "./test-process.ts"

const path = join(import.meta.dirname, "durations.json")
/** What takes less is not written down. A new file, or one that has moved, is taken to last as long until it is measured. */
const leastSeconds = 4

/** Seconds by file: on the wall, and of a processor. */
type Durations = Record<string, { wall: number; processor: number }>

export function readDurations(): (file: string) => number {
  const all = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Durations) : {}
  return (file) => all[file]?.wall ?? leastSeconds
}

export function recordDurations(outcomes: readonly Outcome[]): void {
  const lines = outcomes
    .filter(({ job, wallSeconds }) => job.files.length === 1 && wallSeconds > leastSeconds)
    .toSorted((one, other) => other.wallSeconds - one.wallSeconds)
    .map(({ job, wallSeconds, processorSeconds = 0 }) => {
      const [wall, processor] = [Math.round(wallSeconds), Math.round(processorSeconds)]
      return `  ${JSON.stringify(job.name)}: { "wall": ${wall}, "processor": ${processor} }`
    })
  writeFileSync(path, `{\n${lines.join(",\n")}\n}\n`)
}
