import { Sha256 } from "@aws-crypto/sha256-js"
import { SignatureV4 } from "@smithy/signature-v4"
import { Hono } from "hono"
import pg from "pg"
import type { ControlPlane } from "../src/control-plane/control-plane.ts"
import type { Credential } from "../src/domain/configuration.ts"
import type { Integration } from "../src/domain/integration.ts"
import { rdsDoor } from "../src/front-doors/rds/door.ts"
import { awsRouter } from "../src/front-doors/router.ts"
import { engines } from "../src/server/registries.ts"
import type { Activity } from "../src/state/history.ts"
import { openStore, type Store } from "../src/state/store.ts"
import { answerRaw, type HttpEnvironment, serveHttp } from "../src/wire/http/server.ts"
import { type Bench, describeNames, type Figures, figure } from "./figures.ts"

const region = "us-east-1"
const account = "123456789012"
const targetArn = `arn:aws:redshift-serverless:${region}:${account}:namespace/8f2c1d3e-0000-4000-8000-000000000001`
const admin: Credential = { accessKeyId: "AKIDBENCH", secretAccessKey: "bench", role: "admin" }
const form = "application/x-www-form-urlencoded; charset=utf-8"
const body = "Action=DescribeIntegrations&Version=2014-10-31&MaxRecords=100"

const integrations = 100
const history = 2_000
const quotas = { perAccount: integrations, perTarget: integrations, perSource: integrations }
const oneByOne = 300
/** Callers at once, for requests a second. */
const callers = 8
const manyRequests = 1_000

/** DescribeIntegrations over HTTP, signed, 100 a page, with a full account and a past. Client and server are one process. */
export async function measureDescribe(bench: Bench): Promise<Figures> {
  if (!bench.wants(...describeNames)) return {}
  const store = await openStore(await emptyDatabase(bench), { quotas })
  const { port, close } = await serve(store)
  try {
    await fill(store)
    const ask = await asker(port)
    const runs: { p50: number; p99: number; perSecond: number }[] = []
    for (let i = 1; i <= bench.runs; i++) {
      bench.say(`DescribeIntegrations, run ${i} of ${bench.runs}`)
      runs.push({ ...(await latency(ask)), perSecond: await throughput(ask) })
    }
    return {
      describe_integrations_p50_ms: figure(runs.map(({ p50 }) => p50)),
      describe_integrations_p99_ms: figure(runs.map(({ p99 }) => p99)),
      describe_integrations_per_second: figure(runs.map(({ perSecond }) => perSecond)),
    }
  } finally {
    await close(0)
    await store.close()
  }
}

async function emptyDatabase(bench: Bench): Promise<string> {
  const client = new pg.Client({ connectionString: bench.url })
  await client.connect()
  await client.query("CREATE DATABASE bench_describe")
  await client.end()
  const url = new URL(bench.url)
  url.pathname = "/bench_describe"
  return url.href
}

async function fill(store: Store): Promise<void> {
  // The past first: what came and went, and what it did.
  for (let n = 0; n < history; n++) {
    const past = integration(integrations + n)
    await store.integrations.insert(past, [])
    await store.integrations.remove(past.id)
  }
  const activities = Array.from(
    { length: history },
    (_none, n): Activity => ({
      integrationId: integration(n % integrations).id,
      sourceDatabase: "shop",
      targetDatabase: "shop",
      kind: "cdc",
      position: null,
      bytes: 1000,
      lastCommitAt: new Date(),
      tables: 1,
      startedAt: new Date(),
      endedAt: new Date(),
    }),
  )
  for (let n = 0; n < integrations; n++) await store.integrations.insert(integration(n), [])
  await store.history.append({ activities, stateChanges: [] })
}

function integration(n: number): Integration {
  const id = `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`
  return {
    id,
    arn: `arn:aws:rds:us-east-1:123456789012:integration:${id}`,
    service: "rds",
    name: `integration-${n}`,
    description: "as an integration may be described",
    sourceArn: `arn:aws:rds:us-east-1:123456789012:db:source-${n}`,
    targetArn,
    dataFilter: `include: database_${n}.public.*`,
    isFilterPending: false,
    kmsKeyId: undefined,
    additionalEncryptionContext: {},
    tags: [{ key: "team", value: "orders" }],
    status: "active",
    errors: [],
    createdAt: new Date(),
  }
}

/** One request, signed once and sent again and again: what is measured is the server, not the signing client. */
async function asker(port: number): Promise<() => Promise<void>> {
  const signer = new SignatureV4({ service: "rds", region, credentials: admin, sha256: Sha256 })
  const place = { protocol: "http:", hostname: "127.0.0.1", port, path: "/", method: "POST", query: {} }
  const { headers } = await signer.sign({
    ...place,
    body,
    headers: { host: `127.0.0.1:${port}`, "content-type": form },
  })
  const { host: _itsOwn, ...sent } = headers
  return async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers: sent, body })
    const text = await answer.text()
    const found = text.split("<IntegrationName>").length - 1
    if (answer.status !== 200 || found !== integrations)
      throw new Error(`${answer.status}, ${found} integrations`)
  }
}

/** The RDS door alone: nothing runs behind it. */
async function serve(store: Store): Promise<{ port: number; close(graceMs: number): Promise<void> }> {
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const plane: ControlPlane = {
    account,
    region,
    sources: [],
    warehouses: [
      { arn: targetArn, cluster: "bench", engine: "duckdb", path: "/nowhere", autoCreateDatabase: true },
    ],
    kmsKeys: [],
    sourceEngines: engines.sources,
    sqlEndpoint: () => undefined,
    store,
    nudge: () => undefined,
  }
  const router = awsRouter({ region, credentials: [admin], doors: [rdsDoor(plane, silent)], log: silent })
  const app = new Hono<HttpEnvironment>()
  app.all("*", (context) => answerRaw(context, router.handle, router.tooLarge))
  return serveHttp(app, { host: "127.0.0.1", port: 0 })
}

async function latency(ask: () => Promise<void>): Promise<{ p50: number; p99: number }> {
  const times: number[] = []
  for (let i = 0; i < oneByOne; i++) {
    const startMs = performance.now()
    await ask()
    times.push(performance.now() - startMs)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}

async function throughput(ask: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  let left = manyRequests
  const caller = async () => {
    while (left-- > 0) await ask()
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return (manyRequests * 1000) / (performance.now() - startMs)
}
