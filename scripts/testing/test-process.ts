/** One process of tests: what it is started with, what it told, and its end. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, existsSync, openSync, readFileSync, statSync } from "node:fs"
import { mkdir, mkdtemp } from "node:fs/promises"
import { join } from "node:path"
import type { EventLine } from "./event-lines.ts"
import type { Job } from "./schedule.ts"

/** What one job came to. */
export interface Outcome {
  job: Job
  passed: number
  failed: { name: string; file: string; message: string }[]
  skipped: { name: string; file: string; reason: string }[]
  wallSeconds: number
  /** undefined: the process was killed before it could tell. */
  processorSeconds: number | undefined
  /** All that it printed, and each test as Node's own reporter shows it. */
  shown: string
}

export interface ProcessOptions {
  root: string
  /** The run's folder: the process writes what it tells into a folder below it. */
  folder: string
  /** Of a single test. */
  limitMs: number
  /** Of a process that tells nothing: Node ends a test that takes too long, but waits for ever for what one left open. */
  silenceMs: number
}

const lookEveryMs = 5_000
/** Where a process ends before its first test. */
const nothing = { name: "(no test)", file: "" }
const quiet = "--disable-warning=ExperimentalWarning"

/** Runs the job's files to their end. */
export async function runProcess(job: Job, options: ProcessOptions): Promise<Outcome> {
  await mkdir(join(options.folder, "reports"), { recursive: true })
  const place = await mkdtemp(join(options.folder, "reports", "job-"))
  const paths = { events: join(place, "events"), spec: join(place, "spec"), output: join(place, "output") }
  const sinceMs = performance.now()
  const output = openSync(paths.output, "a")
  const child = spawn(process.execPath, argumentsOf(job, options, paths), {
    cwd: options.root,
    stdio: ["ignore", output, output],
  })
  closeSync(output)
  const unwatch = endWhenSilent(child, [paths.events, paths.output], options.silenceMs)
  const [code, signal] = await once(child, "exit")
  unwatch()
  const told = counted(readLines(paths.events))
  const failed = [...told.failed]
  if (failed.length === 0 && (code !== 0 || told.processorSeconds === undefined))
    failed.push({ ...(told.last ?? nothing), message: `the process ended with ${signal ?? code}` })
  const shown = `${read(paths.output)}${withoutCounts(read(paths.spec))}`
  return { job, ...told, failed, wallSeconds: (performance.now() - sinceMs) / 1_000, shown }
}

function argumentsOf(
  job: Job,
  { limitMs }: ProcessOptions,
  paths: { events: string; spec: string },
): string[] {
  const reporters = {
    [join(import.meta.dirname, "event-lines.ts")]: paths.events,
    spec: paths.spec,
  }
  return [
    quiet,
    `--test-timeout=${limitMs}`,
    ...Object.entries(reporters).flatMap(([reporter, destination]) => [
      `--test-reporter=${reporter}`,
      `--test-reporter-destination=${destination}`,
    ]),
    ...(job.files.length === 1 ? [] : ["--test", "--test-isolation=none"]),
    ...job.files,
  ]
}

function endWhenSilent(child: ChildProcess, files: readonly string[], silenceMs: number): () => void {
  const startedMs = Date.now()
  const timer = setInterval(() => {
    const lastMs = Math.max(startedMs, ...files.filter(existsSync).map((file) => statSync(file).mtimeMs))
    if (Date.now() - lastMs > silenceMs) child.kill("SIGKILL")
  }, lookEveryMs)
  return () => clearInterval(timer)
}

function counted(lines: readonly EventLine[]) {
  const failed: Outcome["failed"] = []
  const skipped: Outcome["skipped"] = []
  let passed = 0
  let last: { name: string; file: string } | undefined
  let processorSeconds: number | undefined
  for (const line of lines) {
    switch (line.kind) {
      case "started":
        last = line
        break
      case "passed":
        passed++
        break
      case "failed":
        failed.push(line)
        break
      case "skipped":
        skipped.push(line)
        break
      case "ended":
        processorSeconds = line.processorSeconds
        break
      default:
        line satisfies never
    }
  }
  return { passed, failed, skipped, last, processorSeconds }
}

/** A process that was killed may have left half a line. */
function readLines(path: string): EventLine[] {
  const whole = read(path).split("\n").slice(0, -1)
  return whole.map(parsed)
}

function parsed(line: string): EventLine {
  try {
    return JSON.parse(line) as EventLine
  } catch {
    return {
      kind: "failed",
      name: "(its report)",
      file: "",
      message: `not to be read: ${line.slice(0, 100)}`,
    }
  }
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : ""
}

/** The run counts by itself. What failed, and why, Node's reporter tells behind its counts. */
function withoutCounts(shown: string): string {
  return shown.replace(/^ℹ (?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) .*\n/gm, "")
}
