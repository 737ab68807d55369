/**
 * npm test [-- PART-OF-A-PATH…] | npm run test:long: brings what the tests need, runs them, leaves nothing behind.
 * The last line is `N passed, N failed, N skipped`. With CI=true a skipped test is a failure.
 */
import { chmod, glob, mkdtemp, realpath } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { run } from "node:test"
import { startEmbeddedPostgres } from "../src/embedded-postgres/server.ts"
import { SHARED_SERVER_VARIABLE } from "../test/support/postgres-variable.ts"
import { removeFolder } from "../test/support/temporary-folder.ts"
import { keepCompiled } from "./testing/compiled.ts"
import { installPackages } from "./testing/packages.ts"
import { show, watchForSilence } from "./testing/report.ts"
import { removeStrays } from "./testing/strays.ts"
import { fetchSuiteServers } from "./testing/suites.ts"

const TEST_LIMIT_MS = 5 * 60_000
const LONG_TEST_LIMIT_MS = 2 * 60 * 60_000
const SILENCE_MARGIN_MS = 30_000
const ABORT_GRACE_MS = 3_000
/** The machines that run this have few cores, and most tests wait for servers more than they compute. */
const CONCURRENCY = 2

const root = join(import.meta.dirname, "..")
const args = process.argv.slice(2)
const long = args.includes("--long")

async function testFiles(parts: string[]): Promise<string[]> {
  const found: string[] = []
  for await (const file of glob("{src,test,bench,scripts}/**/*.test.ts", { cwd: root })) {
    if (file.endsWith(".long.test.ts") !== long) continue
    if (parts.length === 0 || parts.some((part) => file.includes(part))) found.push(join(root, file))
  }
  return found.sort()
}

async function main(): Promise<number> {
  // Folders and files of tests are their user's alone, also where each user's usual mask lets a group write.
  process.umask(0o022)
  const files = await testFiles(
    args.filter((each) => !each.startsWith("--")).map((each) => relative(root, each) || each),
  )
  if (files.length === 0) {
    console.error("no test file fits")
    return 1
  }
  installPackages()
  fetchSuiteServers()
  const folder = await realpath(await mkdtemp(join(tmpdir(), "millrace-tests-")))
  // Servers of tests run as another account when we are root, and clients of tests too.
  await chmod(folder, 0o755)
  process.env.MILLRACE_TEST_FOLDER = folder
  keepCompiled(root, folder)
  try {
    return await runWithServer(files, folder)
  } finally {
    await removeFolder(folder)
  }
}

async function runWithServer(files: string[], folder: string): Promise<number> {
  const settings = { fsync: false, max_connections: 300 }
  const server = await startEmbeddedPostgres({ folder: join(folder, "shared-postgres"), settings })
  process.env[SHARED_SERVER_VARIABLE] = server.url()
  try {
    const counts = await runFiles(files, folder, server.pid)
    await server.stop()
    const strays = await removeStrays(folder)
    for (const stray of strays) console.error(`left running by a test: ${stray}`)
    for (const name of counts.skipped) console.log(`SKIPPED ${name}`)
    const skipsCount = process.env.CI === "true" && counts.skipped.length > 0
    if (skipsCount) console.error("CI=true: a skipped test counts as a failure")
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped.length} skipped`)
    return counts.failed > 0 || counts.passed === 0 || strays.length > 0 || skipsCount ? 1 : 0
  } finally {
    await server.stop()
    await removeStrays(folder)
  }
}

async function runFiles(files: string[], folder: string, serverPid: number) {
  const abort = new AbortController()
  const limitMs = long ? LONG_TEST_LIMIT_MS : TEST_LIMIT_MS
  const stream = run({
    files,
    cwd: root,
    concurrency: CONCURRENCY,
    timeout: limitMs,
    signal: abort.signal,
    execArgv: ["--disable-warning=ExperimentalWarning"],
  })
  // Node ends a test that takes too long, but waits for ever for a file whose tests have left something open.
  const endProcesses = async (why: string) => {
    for (const stray of await removeStrays(folder, serverPid)) console.error(`${why}: ended ${stray}`)
  }
  const unwatch = watchForSilence(stream, limitMs + SILENCE_MARGIN_MS, () =>
    endProcesses("no test has reported for long"),
  )
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      abort.abort(new Error(`stopped by ${signal}`))
      setTimeout(() => endProcesses(`stopped by ${signal}`), ABORT_GRACE_MS).unref()
    })
  }
  try {
    return await show(stream)
  } finally {
    unwatch()
  }
}

process.exitCode = await main()
