/**
 * npm test [-- PART-OF-A-PATH…] | npm run test:unit | npm run test:long: brings what the tests need, runs them, leaves
 * nothing behind. The last line is `N passed, N failed, N skipped`. With CI=true a skipped test is a failure.
 * `--runs N` runs all that N times and then tells which tests failed in how many runs; `--record` writes down how long
 * each file took (scripts/testing/durations.json), by which later runs are ordered.
 */
import { chmod, mkdtemp, realpath } from "node:fs/promises"
import { join } from "node:path"
import pg from "pg"
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/embedded-postgres/server.ts"
import { LONG_SUITE_VARIABLE } from "../test/support/long-suite-variable.ts"
import { SHARED_SERVER_VARIABLE } from "../test/support/postgres/postgres-variable.ts"
import { makeStateTemplate } from "../test/support/postgres/state-template.ts"
import { unsynced } from "../test/support/quick-servers.ts"
import { removeFolder } from "../test/support/temporary-folder.ts"
import { ensureConsole } from "./console/build.mjs"
import { type Command, commandFrom } from "./testing/command.ts"
import { keepCompiled } from "./testing/compiled.ts"
import { recordDurations } from "./testing/durations.ts"
import { jobsOf } from "./testing/jobs.ts"
import { installPackages } from "./testing/packages.ts"
import { type Counts, countsOf, showCounts, showFailuresOfRuns, showOutcome } from "./testing/report.ts"
import { runFolderParent } from "./testing/run-folder.ts"
import { type Job, runScheduled } from "./testing/schedule.ts"
import { removeStrays } from "./testing/strays.ts"
import { fetchSuiteServers } from "./testing/suites.ts"
import { type Outcome, runProcess } from "./testing/test-process.ts"

const TEST_LIMIT_MS = 5 * 60_000
const LONG_TEST_LIMIT_MS = 2 * 60 * 60_000
const SILENCE_MARGIN_MS = 120_000
const ABORT_GRACE_MS = 3_000

const root = join(import.meta.dirname, "..")

async function main(): Promise<number> {
  // Folders and files of tests are their user's alone, also where each user's usual mask lets a group write.
  process.umask(0o022)
  const command = commandFrom(process.argv.slice(2), root)
  const jobs = await jobsOf(root, command)
  if (jobs.length === 0) {
    console.error("no test file fits")
    return 1
  }
  const stop = stoppedBySignal()
  if (command.part !== "unit") {
    // Once for all: servers of tests start at the same time.
    await ensureConsole()
    installPackages()
    fetchSuiteServers()
  }
  const runs: RunResult[] = []
  while (runs.length < command.runs && !stop.isStopped()) {
    if (command.runs > 1) console.log(`run ${runs.length + 1} of ${command.runs}`)
    runs.push(await runAll(command, jobs, stop))
  }
  if (command.runs > 1) showFailuresOfRuns(runs.map(({ counts }) => counts))
  return runs.every(({ isGood }) => isGood) && runs.length === command.runs ? 0 : 1
}

interface RunResult {
  counts: Counts
  isGood: boolean
}

interface Stop {
  isStopped(): boolean
  /** Called when a signal has come and the tests have had time to end. */
  onStopped(call: (signal: string) => void): void
}

function stoppedBySignal(): Stop {
  let stoppedBy: string | undefined
  let listener: (signal: string) => void = () => undefined
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      stoppedBy = signal
      setTimeout(() => listener(signal), ABORT_GRACE_MS).unref()
    })
  }
  return {
    isStopped: () => stoppedBy !== undefined,
    onStopped(call) {
      listener = call
    },
  }
}

async function runAll(command: Command, jobs: readonly Job[], stop: Stop): Promise<RunResult> {
  const folder = await realpath(await mkdtemp(join(runFolderParent(), "millrace-tests-")))
  // Servers of tests run as another account when we are root, and clients of tests too.
  await chmod(folder, 0o755)
  process.env.MILLRACE_TEST_FOLDER = folder
  if (command.part === "long") process.env[LONG_SUITE_VARIABLE] = "1"
  let server: EmbeddedPostgres | undefined
  try {
    keepCompiled(root, folder)
    server = command.part === "unit" ? undefined : await startSharedServer(folder)
    stop.onStopped(async (signal) => {
      for (const stray of await removeStrays(folder, server?.pid)) console.error(`${signal}: ended ${stray}`)
    })
    const outcomes = await runJobs(command, jobs, folder, stop)
    await server?.stop()
    return resultOf(command, outcomes, await removeStrays(folder))
  } finally {
    await server?.stop()
    await removeStrays(folder)
    await removeFolder(folder)
  }
}

async function startSharedServer(folder: string): Promise<EmbeddedPostgres> {
  // Tests log in many thousand times: a password that is hashed once instead of 4,096 times costs a client a third less.
  const settings = { ...unsynced, max_connections: 300, scram_iterations: 1 }
  const server = await startEmbeddedPostgres({ folder: join(folder, "shared-postgres"), settings })
  await hashAnew(server.url())
  process.env[SHARED_SERVER_VARIABLE] = server.url()
  await makeStateTemplate(server.url())
  return server
}

/** By the server's setting of now. */
async function hashAnew(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`ALTER ROLE postgres PASSWORD ${client.escapeLiteral(new URL(url).password)}`)
  } finally {
    await client.end()
  }
}

async function runJobs(
  { part }: Command,
  jobs: readonly Job[],
  folder: string,
  stop: Stop,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const limitMs = part === "long" ? LONG_TEST_LIMIT_MS : TEST_LIMIT_MS
  const options = { root, folder, limitMs, silenceMs: limitMs + SILENCE_MARGIN_MS }
  const run = async (job: Job) => {
    const outcome = await runProcess(job, options)
    outcomes.push(outcome)
    showOutcome(outcome)
  }
  await runScheduled(jobs, run, stop.isStopped)
  return outcomes
}

function resultOf(command: Command, outcomes: readonly Outcome[], strays: readonly string[]): RunResult {
  const counts = countsOf(outcomes)
  for (const stray of strays) console.error(`left running by a test: ${stray}`)
  const skipsCount = process.env.CI === "true" && counts.skipped.length > 0
  if (skipsCount) console.error("CI=true: a skipped test counts as a failure")
  if (command.isRecorded) recordDurations(outcomes)
  showCounts(counts)
  const isGood = counts.failed.length === 0 && counts.passed > 0 && strays.length === 0 && !skipsCount
  return { counts, isGood }
}

process.exitCode = await main()
