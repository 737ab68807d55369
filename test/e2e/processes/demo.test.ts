/** The demo as its users run it: a process of its own, in a folder of its own. */
import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { mkdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { loadConfiguration } from "../../../src/configuration/load.ts"
import { isRunning } from "../../../src/embedded-postgres/processes.ts"
import { engines } from "../../../src/server/registries.ts"
import { hasJava } from "../../support/dynamodb/tables.ts"
import { mariaDbProduct } from "../../support/mysql/products.ts"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"
import { waitUntil } from "../../support/wait-until.ts"

const program = join(import.meta.dirname, "..", "..", "..", "bin", "millrace")
const endLimitMs = 120_000

interface Run {
  child: ChildProcess
  out(): string
  /** The exit code (or signal) and everything that was printed. */
  ended: Promise<{ code: number | NodeJS.Signals | null; out: string; err: string }>
}

async function folderWithSpaces(t: TestContext): Promise<string> {
  const parent = await temporaryFolder("demo")
  t.after(() => removeFolder(parent))
  const folder = join(parent, "with spaces")
  await mkdir(folder)
  return folder
}

function start(t: TestContext, cwd: string, ...args: string[]): Run {
  const child = spawn(process.execPath, [program, "demo", ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  })
  const seen = { out: "", err: "" }
  child.stdout.on("data", (chunk) => (seen.out += chunk))
  child.stderr.on("data", (chunk) => (seen.err += chunk))
  const ended = once(child, "close", { signal: AbortSignal.timeout(endLimitMs) }).then(([code, signal]) => ({
    code: (code ?? signal) as number | NodeJS.Signals | null,
    ...seen,
  }))
  t.after(async () => {
    child.kill("SIGTERM")
    await ended
  })
  return { child, out: () => seen.out, ended }
}

/** Waits for what it prints; one that ends without saying it is no reason to wait on. */
async function says(run: Run, wanted: string): Promise<void> {
  let end: Awaited<Run["ended"]> | undefined
  run.ended.then(
    (ended) => {
      end = ended
    },
    () => undefined, // the time is over, as it is for the wait
  )
  const look = () => run.out().includes(wanted) || end !== undefined
  await waitUntil(look, { what: wanted, timeoutMs: endLimitMs })
  assert.ok(run.out().includes(wanted), `it ended without saying ${wanted}: ${end?.out}${end?.err}`)
}

const runsOn = (run: Run) => says(run, "It goes on until Ctrl-C")

const okLine = /^demo ok: (\d+ tables?), (\d+) rows equal, lag p50 \d+ ms p99 \d+ ms$/

function assertEqualAtLast(
  { code, out, err }: Awaited<Run["ended"]>,
  leastRows: number,
  tables = "5 tables",
): void {
  assert.equal(err, "")
  const [, seenTables, rows] = okLine.exec(out.trimEnd().split("\n").at(-1) ?? "") ?? []
  assert.equal(seenTables, tables, out)
  assert.ok(Number(rows) >= leastRows, out)
  assert.equal(code, 0)
}

function assertNothingStays(folder: string): void {
  for (const name of ["source", "warehouse", "bucket", "data", "log", "millrace.yaml"])
    assert.equal(existsSync(join(folder, ".millrace-demo", name)), false, name)
}

test("demo --once ends with every row equal, and leaves nothing; with --governance two people see what policies show", async (t) => {
  const folder = await folderWithSpaces(t)
  const ended = await start(t, folder, "--once", "--rows", "20000", "--governance").ended
  assertEqualAtLast(ended, 19_000)
  assertNothingStays(folder)
  const answers = ended.out.split(/^(?:Ada|Bob)\b.* sees (?:on DuckDB|in PostgreSQL):$/m)
  assert.equal(answers.length, 5)
  const [, ofAda = "", ofBob = "", adaInPostgres = "", bobInPostgres = ""] = answers
  for (const one of [ofAda, adaInPostgres]) {
    assert.match(one, /^ EUR +\| \d+ +\| [\d.]+ +\| [0-9a-f]{64}$/m)
    assert.doesNotMatch(one, /USD|JPY|@example/)
  }
  for (const one of [ofBob, bobInPostgres])
    for (const currency of ["EUR", "JPY", "USD"])
      assert.match(one, new RegExp(`^ ${currency} +\\| .* customer\\d+@example.com$`, "m"))
})

test("Ctrl-C ends a demo that runs on, into PostgreSQL", async (t) => {
  const folder = await folderWithSpaces(t)
  const run = start(t, folder, "--rows", "5000", "--warehouse", "postgres")
  await runsOn(run)
  assertConfigurationServes(folder)
  run.child.kill("SIGINT")
  const { code, out, err } = await run.ended
  assert.equal(err, "")
  assert.equal(code, 0)
  assert.match(out, /live in PostgreSQL[\s\S]*The answers are equal\.[\s\S]*psql[\s\S]*aws [\s\S]*Stopped/)
  assertNothingStays(folder)
})

test("one demo at a time in a folder; one that was killed is cleaned up by the next, which shows profiles", async (t) => {
  const folder = await folderWithSpaces(t)
  const first = start(t, folder, "--rows", "5000")
  await says(first, "Created through")
  const second = await start(t, folder, "--once").ended
  assert.equal(second.code, 1)
  assert.match(second.err, /in use by another Millrace.*another folder/)
  first.child.kill("SIGKILL")
  await first.ended
  const ended = await start(t, folder, "--once", "--rows", "5000", "--profiles").ended
  assertEqualAtLast(ended, 4_500)
  assert.match(ended.out, /^\d+ profiles, in [\d.]+ s\. The webhook was told:\n\{.*"EventType":"TRIGGERED"/m)
  assert.match(ended.out, /^ noUniqueKey +\| .*customer4@example\.com/m)
  // The file and the shop both know it, and its orders are the shop's.
  assert.match(ended.out, /^ customer1@example\.com +\| .* +\| r1 +\| June +\| \d+$/m)
  assert.match(ended.out, /^DELETE .*customerprofiles\.domains/m)
  assertNothingStays(folder)
})

test("Ctrl-C while the demo still starts leaves nothing either", async (t) => {
  const folder = await folderWithSpaces(t)
  const run = start(t, folder, "--once", "--rows", "500000")
  await says(run, "PostgreSQL")
  run.child.kill("SIGINT")
  const { code, err } = await run.ended
  assert.equal(err, "")
  assert.equal(code, 1)
  assertNothingStays(folder)
})

test("MariaDB: a demo that was killed is cleaned up by the next, which ends with every row equal", {
  skip: mariaDbProduct.missing() ?? false,
}, async (t) => {
  await killedAndPlayedAgain(t, ["--source", "mysql"], { runs: "\nMariaDB 1", tables: "5 tables" })
})

test("DynamoDB: the same, through the Redshift API", {
  skip: hasJava() ? false : "DynamoDB Local needs Java",
}, async (t) => {
  await killedAndPlayedAgain(t, ["--source", "dynamodb", "--warehouse", "postgres"], {
    runs: "\nDynamoDB Local runs",
    tables: "1 table",
  })
})

/** What the hints name with --config. */
function assertConfigurationServes(folder: string): void {
  const read = loadConfiguration(join(folder, ".millrace-demo", "millrace.yaml"), {}, engines)
  assert.ok("ok" in read, JSON.stringify(read))
}

/** The servers that are started as programs must end with the demo, or with the next. */
async function killedAndPlayedAgain(
  t: TestContext,
  played: readonly string[],
  { runs, tables }: { runs: string; tables: string },
) {
  const folder = await folderWithSpaces(t)
  const options = ["--rows", "500", ...played]
  const first = start(t, folder, ...options)
  await says(first, runs)
  await says(first, "Created through")
  assertConfigurationServes(folder)
  const note = await readFile(join(folder, ".millrace-demo", "source", "server.json"), "utf8")
  const { pid } = JSON.parse(note) as { pid: number }
  assert.equal(await isRunning(pid), true)
  first.child.kill("SIGKILL")
  await first.ended
  assert.equal(await isRunning(pid), true, "the server ended by itself: there was nothing to clean up")
  assertEqualAtLast(await start(t, folder, "--once", ...options).ended, 400, tables)
  assert.equal(await isRunning(pid), false)
  assertNothingStays(folder)
}

test("S3: every row of every file once, and Ctrl-C leaves nothing either", async (t) => {
  const folder = await folderWithSpaces(t)
  const run = start(t, folder, "--rows", "2000", "--source", "s3")
  await says(run, "Loaded 2,000 rows")
  assertConfigurationServes(folder)
  run.child.kill("SIGINT")
  const { code, err } = await run.ended
  assert.equal(err, "")
  assert.equal(code, 0)
  assertNothingStays(folder)
  assertEqualAtLast(
    await start(t, folder, "--once", "--rows", "2000", "--source", "s3").ended,
    2_400,
    "1 table",
  )
  assertNothingStays(folder)
})

test("S3 into PostgreSQL: every row of every file once, and nothing is left", async (t) => {
  const folder = await folderWithSpaces(t)
  const options = ["--once", "--rows", "2000", "--source", "s3", "--warehouse", "postgres"]
  assertEqualAtLast(await start(t, folder, ...options).ended, 2_400, "1 table")
  assertNothingStays(folder)
})

test("wrong usage is said", async (t) => {
  const folder = await folderWithSpaces(t)
  for (const rows of ["0", "1.5", "1e12"]) {
    const { code, err } = await start(t, folder, "--once", "--rows", rows).ended
    assert.equal(code, 2)
    assert.match(err, /--rows must be a whole number/)
  }
  for (const [args, message] of [
    [["--source", "toString"], /--source must be one of postgres, mysql, dynamodb, s3/],
    [["--governance", "--warehouse", "postgres"], /--governance is shown with .* duckdb only/],
    [["--profiles", "--source", "mysql"], /--profiles is shown with --source postgres/],
    [["--profiles", "--rows", "600000"], /at most 500,000 rows/],
  ] as const) {
    const { code, err } = await start(t, folder, ...args).ended
    assert.equal(code, 2)
    assert.match(err, message)
  }
})
