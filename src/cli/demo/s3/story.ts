import { randomBytes } from "node:crypto"
import { mkdir } from "node:fs/promises"
import { setTimeout as delay } from "node:timers/promises"
import type pg from "pg"
import { SetupError } from "../../../configuration/setup-error.ts"
import { createIntegration } from "../creation.ts"
import {
  cloudPlace,
  connectToSqlPort,
  connectToWarehouse,
  integrationReport,
  type Millrace,
  makeOwnDatabase,
} from "../millrace.ts"
import { missingPackages } from "../missing-packages.ts"
import { connectHints, consoleHint } from "../screen/hints.ts"
import { count, ms, secondsSince } from "../screen/progress.ts"
import { type Outcome, open, type Stage, start, tellCreated } from "../screen/story.ts"
import type { SourceEntry } from "../source.ts"
import type { Play } from "../sources.ts"
import { type Bucket, bucketName, keys, startBucket } from "./bucket.ts"
import { csv, expectedSum, sumSql, tableName, tableSql } from "./views.ts"

export const s3Demo: Play = {
  name: "S3",
  usualRows: 200_000,
  mostRows: 5_000_000,
  missing: async () => missingPackages("S3", ["@20minutes/s3rver", "@aws-sdk/client-redshift"]),
  story,
}

const database = "dev"
const filesAtFirst = 20
const rowsOfNewFile = 20
const newFileEveryMs = 200
const newFiles = { once: 20, live: 10 }
const creation = { api: "redshift", sourceArn: `arn:aws:s3:us-east-1::${bucketName}` } as const
const role = "IAM_ROLE 'arn:aws:iam::123456789012:role/load'"
const jobSql = `COPY ${tableName} FROM 's3://${bucketName}/views/' ${role} CSV JOB CREATE load_views EXISTING ON`

/** Files of a bucket, loaded by a COPY job as they arrive. There is no table at the source: what is compared is what was put there. */
async function story(stage: Stage): Promise<Outcome> {
  const { screen, belongings, totalRows } = stage
  const folder = await open(stage, "files in S3")
  await mkdir(folder.sourcePath, { recursive: true, mode: 0o700 })
  const bucket = await belongings.own(
    () => startBucket(folder.sourcePath, cloudPlace().region),
    (started) => started.stop(),
  )
  screen.say(`An S3 server runs on port ${bucket.port}, with a bucket named ${bucketName}.`)
  const files = await fill(bucket, totalRows)
  screen.say(`The bucket has ${files} files of ${count(totalRows)} rows.`)
  const secret = randomBytes(16).toString("hex")
  const millrace = await start(stage, folder, sourceOf(bucket, secret))
  tellCreated(stage, creation, await createIntegration(millrace, creation))
  await makeOwnDatabase(millrace, database)
  const connected = (connect: typeof connectToSqlPort) =>
    belongings.own(
      () => connect(millrace, database),
      (opened) => opened.end(),
    )
  const [client, port] = [await connected(connectToWarehouse), await connected(connectToSqlPort)]
  await untilActive(millrace)
  return await load(stage, { millrace, bucket, client, port, secret, rows: totalRows })
}

interface Landing {
  millrace: Millrace
  bucket: Bucket
  /** Where the table is. */
  client: pg.Client
  /** Where COPY is said. */
  port: pg.Client
  secret: string
  /** Put so far. */
  rows: number
}

function sourceOf({ endpoint }: Bucket, eventSecret: string): SourceEntry {
  return {
    arn: `arn:aws:s3:::${bucketName}`,
    engine: "s3",
    endpoint,
    access_key_id: keys.accessKeyId,
    secret_access_key: keys.secretAccessKey,
    list_every: "2s",
    event_secret: eventSecret,
  }
}

/** Answers the number of files. */
async function fill(bucket: Bucket, totalRows: number): Promise<number> {
  const perFile = Math.ceil(totalRows / filesAtFirst)
  let files = 0
  for (let first = 1; first <= totalRows; first += perFile) {
    await bucket.put(`views/${first}.csv`, csv(first, Math.min(perFile, totalRows + 1 - first)))
    files++
  }
  return files
}

async function load(stage: Stage, landing: Landing): Promise<Outcome> {
  const { screen, once } = stage
  const { client, port, millrace } = landing
  const run = async (on: pg.Client, statement: string) => {
    screen.say(screen.style.dim(`${statement};`))
    await on.query(statement)
  }
  await run(client, tableSql)
  await run(port, jobSql)
  const startedMs = performance.now()
  await untilLoaded(stage, landing)
  screen.say(
    `Loaded ${count(landing.rows)} rows in ${secondsSince(startedMs)}; what arrives now follows, told by events.`,
  )
  const lagsMs = await arrivals(stage, landing, once ? newFiles.once : newFiles.live)
  const outcome = await compare(stage, landing, lagsMs)
  if (once || outcome.kind === "different") return outcome
  screen.say(outcome.line)
  screen.say()
  const change = changeHint(landing.bucket)
  const hints = { change, statement: `select country, count(*), max(took) from ${tableName} group by 1` }
  for (const line of connectHints(millrace, { hints, creation, database }, screen.style)) screen.say(line)
  for (const line of await consoleHint(millrace, screen.style)) screen.say(line)
  screen.say()
  screen.say(`It goes on until ${screen.style.bold("Ctrl-C")}.`)
  await arrivals(stage, landing, Number.POSITIVE_INFINITY)
  throw new Error("arriving ended by itself")
}

/** Newer versions of the command add checksums that this S3 server would take for a part of the file. */
function changeHint({ endpoint }: Bucket): string {
  const environment = `AWS_ACCESS_KEY_ID=${keys.accessKeyId} AWS_SECRET_ACCESS_KEY=${keys.secretAccessKey} AWS_REQUEST_CHECKSUM_CALCULATION=when_required`
  return `echo 0,DE,12.5,/mine | ${environment} aws --endpoint-url ${endpoint} s3 cp - s3://${bucketName}/views/mine.csv`
}

/** Puts one file after another, tells of each, and waits for each: how long that took. */
async function arrivals(stage: Stage, landing: Landing, files: number): Promise<number[]> {
  const recentMs: number[] = []
  for (let file = 0; file < files; file++) {
    const key = `views/${landing.rows + 1}.csv`
    await landing.bucket.put(key, csv(landing.rows + 1, rowsOfNewFile))
    const putMs = performance.now()
    landing.rows += rowsOfNewFile
    await tell(landing, key)
    await untilLoaded(stage, landing)
    recentMs.push(performance.now() - putMs)
    if (recentMs.length > newFiles.once) recentMs.shift()
    stage.screen.live([
      `  ${tableName}  ${count(landing.rows)} rows  live, lag ${ms(recentMs.at(-1) ?? null)} (${lagText(recentMs)})`,
    ])
    await delay(newFileEveryMs)
  }
  stage.screen.endLive({ keep: true })
  return recentMs
}

/** As S3 itself does. */
async function tell({ millrace, secret }: Landing, key: string): Promise<void> {
  const { host, port } = millrace.server.http
  const event = { eventName: "ObjectCreated:Put", s3: { bucket: { name: bucketName }, object: { key } } }
  const answer = await fetch(`http://${host}:${port}/events/s3`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ Records: [event] }),
  })
  if (!answer.ok) throw new SetupError(`the event was answered with ${answer.status}: ${await answer.text()}`)
}

const limitMs = 60_000
const lookEveryMs = { many: 100, few: 10 }

async function untilActive(millrace: Millrace): Promise<void> {
  const deadline = performance.now() + limitMs
  while ((await integrationReport(millrace)).status !== "active") {
    if (performance.now() > deadline) throw new SetupError("the integration does not become active.")
    await delay(lookEveryMs.many)
  }
}

/** Until as many rows are there as were put; complains when none has come for too long. */
async function untilLoaded({ screen }: Stage, { client, rows: wanted }: Landing): Promise<void> {
  let before = -1
  let sinceMs = performance.now()
  for (;;) {
    const { rows } = await client.query<{ n: string }>(
      // What somebody else puts there is not waited for.
      `SELECT count(*) AS n FROM ${tableName} WHERE id BETWEEN 1 AND ${wanted}`,
    )
    const now = Number(rows[0]?.n)
    if (now >= wanted) return
    if (now !== before) sinceMs = performance.now()
    before = now
    if (performance.now() - sinceMs > limitMs)
      throw new SetupError(
        `no row has come for ${limitMs / 1000} s: ${count(now)} of ${count(wanted)} are there.`,
      )
    const isMany = wanted - now > rowsOfNewFile
    if (isMany) screen.live([`  ${tableName}  ${count(now)} rows of ${count(wanted)}`])
    await delay(isMany ? lookEveryMs.many : lookEveryMs.few)
  }
}

/** Count, sum and a checksum over every row, against what was put. */
async function compare(
  { screen }: Stage,
  { client, rows: wanted }: Landing,
  lagsMs: number[],
): Promise<Outcome & { line: string }> {
  const { rows } = await client.query<string[]>({ text: sumSql, rowMode: "array" })
  const found = (rows[0] ?? []).join(", ")
  const expected = expectedSum(wanted).join(", ")
  screen.say("Count, sum and checksum of every row, as put into the bucket and as loaded:")
  screen.say(`  ${expected}`)
  screen.say(`  ${found}`)
  if (found === expected)
    return { kind: "equal", line: `demo ok: 1 table, ${wanted} rows equal, ${lagText(lagsMs)}` }
  const line = "demo failed: the table does not have what the bucket has"
  screen.say(line)
  return { kind: "different", line }
}

function lagText(lagsMs: number[]): string {
  const sorted = lagsMs.toSorted((a, b) => a - b)
  const at = (share: number) =>
    ms(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null)
  return `lag p50 ${at(0.5)} p99 ${at(0.99)}`
}
