import { SetupError } from "../../../configuration/setup-error.ts"
import type { VerificationReport } from "../../../control-plane/pipelines/verification-report.ts"
import { runVerification } from "../../verify.ts"
import type { Belongings } from "../belongings.ts"
import { conclusionOf } from "../conclusion.ts"
import { createIntegration } from "../creation.ts"
import { type DemoFolder, demoFolderName, takeDemoFolder, writeDemoConfiguration } from "../folder.ts"
import { policiesWarehouse } from "../governance/in-postgres.ts"
import { showTwoPeople } from "../governance/two-people.ts"
import { cloudPlace, connectToWarehouse, integrationName, type Millrace, startMillrace } from "../millrace.ts"
import { type OtherSystem, startOtherSystem } from "../profiles/other-system.ts"
import { showPeople } from "../profiles/people.ts"
import type { Asked, DemoSource, Shop, SourceEntry } from "../source.ts"
import { type DemoWarehouse, demoWarehouses, type RunningWarehouse } from "../warehouse.ts"
import { awaitCaughtUp, type Watched, watch } from "../watch.ts"
import { startWriters, type Writers } from "../writers.ts"
import { answerText, askedOver, askThrice } from "./answers.ts"
import { connectHints, consoleHint } from "./hints.ts"
import { count, isLive, type Look, ms, secondsSince } from "./progress.ts"
import type { Screen } from "./screen.ts"

/** What the story is told with. */
export interface Stage {
  screen: Screen
  warehouse: DemoWarehouse
  belongings: Belongings
  once: boolean
  /** Policies are applied, too. */
  governance: boolean
  /** Profiles are made, too. */
  profiles: boolean
  totalRows: number
  /** Asked when the folder is let go of. */
  keepFolder: boolean
  /** Whether the folder is ours by now. */
  hasFolder: boolean
}

export type Outcome = { kind: "equal"; line: string } | { kind: "different" }

/** How long the streaming is watched before the story goes on. */
const underLoadMs = { once: 6_000, live: 3_000 }
const lineEveryMs = { atFirst: 1_000, later: 60_000 }

/** What the story has set up. */
interface Cast {
  source: DemoSource
  shop: Shop
  millrace: Millrace
  writers: Writers
  /** Present when profiles are shown. */
  other: OtherSystem | undefined
}

/** From nothing to a live warehouse. With `once` it ends in a comparison; else it goes on until the process is ended. */
export async function story(stage: Stage, source: DemoSource): Promise<Outcome> {
  const { screen, belongings, once } = stage
  const folder = await open(stage, `a shop in ${source.name}`)
  const shop = await startShop(stage, source, folder)
  const other = stage.profiles ? await startOtherSystem(stage, folder) : undefined
  const [, millrace] = await Promise.all([fill(stage, shop), start(stage, folder, shop.entry, other)])
  const { traffic } = shop
  const writers = await belongings.own(
    () => startWriters(traffic),
    (started) => started.stop().catch(() => undefined), // what failed was told; what fails now is the end itself
  )
  screen.say(`It is written to all the time: about ${traffic.perSecond} small writes a second.`)
  const arn = await createIntegration(millrace, shop.creation)
  tellCreated(stage, shop.creation, arn)
  const cast = { source, shop, millrace, writers, other }
  return await Promise.race([once ? compareAndEnd(stage, cast) : runOn(stage, cast), writers.failed])
}

/** The first line, and the folder. */
export async function open(stage: Stage, what: string): Promise<DemoFolder> {
  const { screen, belongings, warehouse } = stage
  screen.say(screen.style.bold(`Millrace demo: ${what}, live in ${warehouse.name}`))
  const folder = await belongings.own(takeDemoFolder, (taken) => taken.release({ remove: !stage.keepFolder }))
  stage.hasFolder = true
  return folder
}

export function tellCreated({ screen }: Stage, { api }: Shop["creation"], arn: string): void {
  const { style } = screen
  screen.say(
    `Created through the ${apiNames[api]} API, with a signed request of the AWS SDK: ${style.dim(arn)}`,
  )
  screen.say()
}

const apiNames: Record<Shop["creation"]["api"], string> = { rds: "RDS", redshift: "Redshift" }

async function startShop(
  { screen, belongings, totalRows }: Stage,
  source: DemoSource,
  folder: DemoFolder,
): Promise<Shop> {
  const shop = await belongings.own(
    () => source.start(folder.sourcePath, totalRows, cloudPlace()),
    (started) => started.stop(),
  )
  screen.say(`${shop.server} runs on port ${shop.port}, in ${demoFolderName}/source.`)
  return shop
}

async function fill({ screen, totalRows }: Stage, shop: Shop): Promise<void> {
  const startedMs = performance.now()
  await shop.seed()
  screen.say(`The shop is filled: ${count(totalRows)} rows in ${shop.tables}, in ${secondsSince(startedMs)}.`)
}

export async function start(
  stage: Stage,
  folder: DemoFolder,
  entry: SourceEntry,
  other?: OtherSystem,
): Promise<Millrace> {
  const { screen, belongings, once } = stage
  const warehouse = await startWarehouse(stage, folder)
  const second = stage.governance ? policiesWarehouse(entry, cloudPlace()) : undefined
  const entries = other === undefined ? [entry] : [entry, other.entry]
  const webhooks = other && [other.webhook]
  const millrace = await belongings.own(
    () => startMillrace(folder, { entries, warehouse, second, webhooks }, { anyPorts: once }),
    (started) => started.server.stop(),
  )
  await writeDemoConfiguration(folder, millrace.configuration, {
    ...{ sources: entries, warehouse, second, webhooks },
  })
  const { http, sql } = millrace.server
  const usual = http.port === 5440 && sql.port === 5439
  const remark = once || usual ? "" : " (a usual port is taken: free ones instead)"
  screen.say(`Millrace runs: http ${http.host}:${http.port}, sql ${sql.host}:${sql.port}${remark}.`)
  return millrace
}

async function startWarehouse(
  { screen, belongings, warehouse: { name, start } }: Stage,
  { warehousePath }: DemoFolder,
): Promise<RunningWarehouse> {
  const running = await belongings.own(
    () => start(warehousePath),
    (started) => started.stop(),
  )
  const { port } = running
  if (port !== undefined)
    screen.say(`The warehouse, another ${name}, runs on port ${port}, in ${demoFolderName}/warehouse.`)
  return running
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

async function compareAndEnd(stage: Stage, cast: Cast): Promise<Outcome> {
  const { screen } = stage
  const { millrace, writers, shop, other } = cast
  const { pipeline } = await watchItComeAlive(stage, watchedOf(stage, cast))
  await writers.stop()
  await catchUp(stage, cast, `The writers have stopped after ${count(writers.committed())} writes`)
  await showAnswers(stage, cast)
  if (stage.governance) await showTwoPeople(stage, millrace, shop.creation)
  if (other !== undefined) await showPeople(stage, millrace, other)
  const startedMs = performance.now()
  const conclusion = conclusionOf(await compareAll(millrace))
  screen.say(`Compared every row of every table, in ${secondsSince(startedMs)}.`)
  if (conclusion.kind === "different") {
    for (const line of conclusion.lines) screen.say(line)
    return conclusion
  }
  const lag = `lag p50 ${ms(pipeline.lagP50Ms)} p99 ${ms(pipeline.lagP99Ms)}`
  const tables = `${conclusion.tables} ${conclusion.tables === 1 ? "table" : "tables"}`
  return { kind: "equal", line: `demo ok: ${tables}, ${conclusion.rows} rows equal, ${lag}` }
}

function watchedOf({ screen }: Stage, { millrace, writers }: Cast): Watched {
  return { millrace, writers, screen, columns: terminalColumns, lineEveryMs: lineEveryMs.atFirst }
}

/** As `millrace verify` does. */
async function compareAll({ access }: Millrace): Promise<VerificationReport> {
  const report = await runVerification(access, integrationName, { repair: false }, () => undefined)
  if (typeof report === "string") throw new SetupError(report)
  if (report.state === "failed") throw new SetupError(`the comparison broke off. ${report.error}`)
  return report
}

async function catchUp({ screen }: Stage, { millrace }: Cast, what: string): Promise<void> {
  const startedMs = performance.now()
  await awaitCaughtUp(millrace)
  screen.say(`${what}; ${ms(performance.now() - startedMs)} later all of it is in the warehouse.`)
}

async function showAnswers(
  { screen, belongings, warehouse }: Stage,
  { source, millrace, shop }: Cast,
): Promise<void> {
  const { style, say } = screen
  const { inPostgres, atSource, openSource } = shop.question
  const isPostgres = warehouse === demoWarehouses.postgres
  const statement = (isPostgres ? inPostgres : undefined) ?? shop.question.statement
  const close = (asked: Asked) => asked.close()
  const here = await belongings.own(openSource, close)
  const there = await belongings.own(
    async () => askedOver(await connectToWarehouse(millrace), statement),
    close,
  )
  say()
  say(style.bold("The same question to both:"))
  say(style.dim(statement))
  const who = warehouse.name === source.name ? `${warehouse.name}, the warehouse,` : warehouse.name
  const expected = await tellAnswer(screen, source.name, here, atSource)
  const found = await tellAnswer(screen, who, there)
  say(found === expected ? style.green("The answers are equal.") : style.red("The answers differ!"))
  say()
}

/** Answers what was answered. */
async function tellAnswer(
  { say, style }: Screen,
  who: string,
  asked: Asked,
  remark?: string,
): Promise<string> {
  const answer = await askThrice(asked)
  const text = answerText(answer)
  say()
  if (remark !== undefined) say(style.dim(remark))
  say(`${style.bold(who)} answers in ${answer.tookMs.toFixed(1)} ms (best of three):`)
  say(text)
  return text
}

async function runOn(stage: Stage, cast: Cast): Promise<Outcome> {
  const { screen } = stage
  const { millrace, writers, shop, other } = cast
  const watched = watchedOf(stage, cast)
  await watchItComeAlive(stage, watched)
  await writers.pause()
  await catchUp(stage, cast, "The writers pause for a moment")
  await showAnswers(stage, cast)
  if (stage.governance) await showTwoPeople(stage, millrace, shop.creation)
  if (other !== undefined) await showPeople(stage, millrace, other)
  writers.resume()
  for (const line of connectHints(millrace, { ...shop, database: integrationName }, screen.style))
    screen.say(line)
  for (const line of await consoleHint(millrace, screen.style)) screen.say(line)
  screen.say()
  screen.say(`It goes on until ${screen.style.bold("Ctrl-C")}.`)
  await watch({ ...watched, lineEveryMs: lineEveryMs.later }, () => false)
  throw new Error("watching ended by itself")
}

function terminalColumns(): number {
  return process.stdout.columns ?? 80
}
