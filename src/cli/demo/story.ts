import pg from "pg"
import { SetupError } from "../../configuration/setup-error.ts"
import type { VerificationReport } from "../../control-plane/verification-report.ts"
import { startEmbeddedPostgres } from "../../embedded-postgres/server.ts"
import { connectForText } from "../connect.ts"
import { runVerification } from "../verify.ts"
import type { Belongings } from "./belongings.ts"
import { conclusionOf } from "./conclusion.ts"
import { type DemoFolder, demoFolderName, takeDemoFolder, writeDemoConfiguration } from "./folder.ts"
import { connectHints } from "./hints.ts"
import {
  connectToWarehouse,
  createIntegration,
  integrationName,
  type Millrace,
  sourceDatabase,
  startMillrace,
} from "./millrace.ts"
import { count, isLive, type Look, ms } from "./progress.ts"
import { type Answer, answerText, ask, question } from "./question.ts"
import type { Screen } from "./screen.ts"
import { makeShop, shopSize } from "./shop.ts"
import { awaitCaughtUp, type Watched, watch } from "./watch.ts"
import { startWriters, type Writers } from "./writers.ts"

/** What the story is told with. */
export interface Stage {
  screen: Screen
  belongings: Belongings
  once: boolean
  totalRows: number
  /** Asked when the folder is let go of. */
  keepFolder: boolean
  /** Whether the folder is ours by now. */
  hasFolder: boolean
}

export type Outcome = { kind: "equal"; line: string } | { kind: "different" }

const writesPerSecond = 300
/** How long the streaming is watched before the story goes on. */
const underLoadMs = { once: 6_000, live: 3_000 }
const lineEveryMs = { atFirst: 1_000, later: 60_000 }

/** From nothing to a live warehouse. With `once` it ends in a comparison; else it goes on until the process is ended. */
export async function story(stage: Stage): Promise<Outcome> {
  const { screen, belongings, once } = stage
  screen.say(screen.style.bold("Millrace demo: a shop in PostgreSQL, live in DuckDB"))
  const folder = await belongings.own(takeDemoFolder, (taken) => taken.release({ remove: !stage.keepFolder }))
  stage.hasFolder = true
  const sourceUrl = await startSource(stage, folder)
  const [, millrace] = await Promise.all([fillShop(stage, sourceUrl), start(stage, folder, sourceUrl)])
  const size = shopSize(stage.totalRows)
  const writers = await belongings.own(
    () => startWriters(sourceUrl, size, writesPerSecond),
    (started) => started.stop().catch(() => undefined), // what failed was told; what fails now is the end itself
  )
  screen.say(`It is written to all the time: about ${writesPerSecond} small transactions a second.`)
  const arn = await createIntegration(millrace)
  screen.say(`Created through the RDS API, with a signed request of the AWS SDK: ${screen.style.dim(arn)}`)
  screen.say()
  const rest = once
    ? compareAndEnd(stage, millrace, writers, sourceUrl)
    : runOn(stage, millrace, writers, sourceUrl)
  return await Promise.race([rest, writers.failed])
}

async function startSource({ screen, belongings }: Stage, folder: DemoFolder): Promise<string> {
  const server = await belongings.own(
    () => startEmbeddedPostgres({ folder: folder.sourcePath }),
    (started) => started.stop(),
  )
  const client = new pg.Client({ connectionString: server.url() })
  // Ctrl-C may stop the server under it; the statement that waits says so.
  client.on("error", () => undefined)
  await client.connect()
  await client.query(`CREATE DATABASE ${sourceDatabase}`)
  const { rows } = await client.query<{ server_version: string }>("SHOW server_version")
  await client.end()
  screen.say(
    `PostgreSQL ${rows[0]?.server_version} runs on port ${server.port}, in ${demoFolderName}/source.`,
  )
  return server.url(sourceDatabase)
}

async function fillShop({ screen, totalRows }: Stage, sourceUrl: string): Promise<void> {
  const startedMs = performance.now()
  await makeShop(sourceUrl, shopSize(totalRows))
  screen.say(`The shop is filled: ${count(totalRows)} rows in 5 tables, in ${secondsSince(startedMs)}.`)
}

async function start(
  { screen, belongings, once }: Stage,
  folder: DemoFolder,
  sourceUrl: string,
): Promise<Millrace> {
  const millrace = await belongings.own(
    () => startMillrace(folder, sourceUrl, { anyPorts: once }),
    (started) => started.server.stop(),
  )
  await writeDemoConfiguration(folder, millrace.configuration)
  const { http, sql } = millrace.server
  const usual = http.port === 5440 && sql.port === 5439
  const remark = once || usual ? "" : " (a usual port is taken: free ones instead)"
  screen.say(`Millrace runs: http ${http.host}:${http.port}, sql ${sql.host}:${sql.port}${remark}.`)
  return millrace
}

function secondsSince(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`
}

/** Watches the copy until the stream follows, and the stream under load for a while. */
async function watchItComeAlive(stage: Stage, watched: Watched): Promise<Look> {
  const startedMs = performance.now()
  let liveSinceMs: number | undefined
  const forMs = stage.once ? underLoadMs.once : underLoadMs.live
  const last = await watch(watched, (look) => {
    if (liveSinceMs === undefined && isLive(look.pipeline)) {
      liveSinceMs = look.atMs
      const { copiedRows } = look.pipeline.totals
      stage.screen.say(
        `Copied ${count(copiedRows)} rows in ${secondsSince(startedMs)}; every change since then follows.`,
      )
    }
    return liveSinceMs !== undefined && look.atMs - liveSinceMs >= forMs
  })
  stage.screen.endLive({ keep: true })
  return last
}

interface Clients {
  source: pg.Client
  warehouse: pg.Client
}

async function connectBoth({ belongings }: Stage, millrace: Millrace, sourceUrl: string): Promise<Clients> {
  const end = (client: pg.Client) => client.end()
  const source = await belongings.own(() => connectForText({ connectionString: sourceUrl }), end)
  const warehouse = await belongings.own(() => connectToWarehouse(millrace), end)
  return { source, warehouse }
}

async function compareAndEnd(
  stage: Stage,
  millrace: Millrace,
  writers: Writers,
  sourceUrl: string,
): Promise<Outcome> {
  const { screen } = stage
  const watched = { millrace, writers, screen, columns: terminalColumns, lineEveryMs: lineEveryMs.atFirst }
  const { pipeline } = await watchItComeAlive(stage, watched)
  const clients = await connectBoth(stage, millrace, sourceUrl)
  await writers.stop()
  await catchUp(stage, clients, `The writers have stopped after ${count(writers.committed())} transactions`)
  await showAnswers(stage, clients)
  const startedMs = performance.now()
  const conclusion = conclusionOf(await compareAll(millrace))
  screen.say(`Compared every row of every table, in ${secondsSince(startedMs)}.`)
  if (conclusion.kind === "different") {
    for (const line of conclusion.lines) screen.say(line)
    return conclusion
  }
  const { tables, rows } = conclusion
  const lag = `lag p50 ${ms(pipeline.lagP50Ms)} p99 ${ms(pipeline.lagP99Ms)}`
  return { kind: "equal", line: `demo ok: ${tables} tables, ${rows} rows equal, ${lag}` }
}

/** As `millrace verify` does. */
async function compareAll({ access }: Millrace): Promise<VerificationReport> {
  const report = await runVerification(access, integrationName, { repair: false }, () => undefined)
  if (typeof report === "string") throw new SetupError(report)
  if (report.state === "failed") throw new SetupError(`the comparison broke off. ${report.error}`)
  return report
}

async function catchUp({ screen }: Stage, { source, warehouse }: Clients, what: string): Promise<void> {
  const startedMs = performance.now()
  await awaitCaughtUp(source, warehouse)
  screen.say(`${what}; ${ms(performance.now() - startedMs)} later all of it is in the warehouse.`)
}

async function showAnswers({ screen }: Stage, { source, warehouse }: Clients): Promise<void> {
  const fromSource = await ask(source)
  const fromWarehouse = await ask(warehouse)
  screen.say()
  screen.say(screen.style.bold("The same question to both:"))
  screen.say(screen.style.dim(question))
  tellAnswer(screen, "PostgreSQL", fromSource)
  tellAnswer(screen, "DuckDB", fromWarehouse)
  const equal = answerText(fromSource) === answerText(fromWarehouse)
  screen.say(equal ? screen.style.green("The answers are equal.") : screen.style.red("The answers differ!"))
  screen.say()
}

function tellAnswer({ say, style }: Screen, who: string, answer: Answer): void {
  say()
  say(`${style.bold(who)} answers in ${answer.tookMs.toFixed(1)} ms (best of three):`)
  say(answerText(answer))
}

async function runOn(
  stage: Stage,
  millrace: Millrace,
  writers: Writers,
  sourceUrl: string,
): Promise<Outcome> {
  const { screen } = stage
  const watched = { millrace, writers, screen, columns: terminalColumns, lineEveryMs: lineEveryMs.atFirst }
  await watchItComeAlive(stage, watched)
  const clients = await connectBoth(stage, millrace, sourceUrl)
  await writers.pause()
  await catchUp(stage, clients, "The writers pause for a moment")
  await showAnswers(stage, clients)
  writers.resume()
  for (const line of connectHints(millrace, screen.style)) screen.say(line)
  screen.say()
  screen.say(`It goes on until ${screen.style.bold("Ctrl-C")}.`)
  await watch({ ...watched, lineEveryMs: lineEveryMs.later }, () => false)
  throw new Error("watching ended by itself")
}

function terminalColumns(): number {
  return process.stdout.columns ?? 80
}
