import assert from "node:assert/strict"
import { readdir } from "node:fs/promises"
import { Agent } from "node:http"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import {
  CreateIntegrationCommand,
  DeleteIntegrationCommand,
  DescribeIntegrationsCommand,
  ModifyIntegrationCommand,
  RDSClient,
} from "@aws-sdk/client-rds"
import { testDatabase } from "../../support/postgres.ts"
import { shownSeed, testSeed } from "../../support/seed.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { accessKeyId, newPlace, type Place, region, secretAccessKey, sourceArn, targetArn } from "../place.ts"
import { onDatabase, randomFrom } from "../workload.ts"

const sourcesCount = 5
const clients = 200

interface Source {
  arn: string
  url: string
  database: string
}

/** How often: by the operation where it was done, by the fault where it was refused. */
type Outcomes = Map<string, number>

/** A slow machine takes longer until anything may be modified or deleted. */
const longestMs = 90_000
/** People and their scripts do pause; without, the calls that are refused would leave little for what is to be done. */
const longestPauseMs = 1_000
const changes = ["CreateIntegration", "ModifyIntegration", "DeleteIntegration"]

const wasAllDone = (outcomes: Outcomes) => changes.every((change) => outcomes.has(change))

/**
 * Two hundred clients create, modify, describe and delete at once for so long. Then all is deleted, and nothing may be
 * left: at the sources, in the state database, in the folders. No answer may be a 5xx.
 */
export async function soak(context: TestContext, forMs: number): Promise<void> {
  const random = randomFrom(testSeed)
  context.diagnostic(shownSeed)
  const sources = await Promise.all(Array.from({ length: sourcesCount }, (_, at) => smallSource(context, at)))
  const place = await newPlace(context, { sources })
  await place.configure((configuration) => {
    configuration.throttling = { requests_per_second: 100_000, burst: 1_000_000 }
  })
  await place.start()
  const client = soakClient(context, place)
  const outcomes: Outcomes = new Map()
  const [begun, deadline] = [performance.now(), performance.now() + forMs]
  const isOver = () => performance.now() > (wasAllDone(outcomes) ? deadline : begun + longestMs)
  const one = async () => {
    while (!isOver()) {
      await count(outcomes, step(client, sources, random))
      await delay(random() * longestPauseMs)
    }
  }
  await Promise.all(Array.from({ length: clients }, one))
  context.diagnostic(JSON.stringify(Object.fromEntries(outcomes)))
  assert.ok(wasAllDone(outcomes), "something was created, modified and deleted")
  await deleteAll(client)
  await assertNothingLeft(place, sources)
}

async function smallSource(context: TestContext, at: number): Promise<Source> {
  const database = await testDatabase()
  atEnd(context, () => database.drop())
  await onDatabase(database.url, (client) =>
    client.query(`CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
      INSERT INTO a SELECT generate_series(1, 100); INSERT INTO b SELECT generate_series(1, 100)`),
  )
  return { arn: sourceArn.replace("orders", `soak${at}`), url: database.url, database: database.name }
}

function soakClient(context: TestContext, place: Place): RDSClient {
  const client = new RDSClient({
    endpoint: `http://127.0.0.1:${place.httpPort}`,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
    requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: clients }) },
  })
  atEnd(context, async () => client.destroy())
  return client
}

async function count(outcomes: Outcomes, work: Promise<string>): Promise<void> {
  const outcome = await work.catch((error: { name: string; $metadata?: { httpStatusCode?: number } }) => {
    const status = error.$metadata?.httpStatusCode
    if (status === undefined || status >= 500) throw error
    return error.name
  })
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
}

/** One call on a source picked at random; its integration has the source's own name. */
async function step(client: RDSClient, sources: readonly Source[], random: () => number): Promise<string> {
  const { arn, database } = sources[Math.floor(random() * sources.length)] as Source
  const name = `of-${arn.split(":").at(-1)}`
  const table = ["a", "b", "*"][Math.floor(random() * 3)]
  const DataFilter = `include: ${database}.public.${table}`
  const kind = random()
  if (kind < 0.25) {
    const command = { SourceArn: arn, TargetArn: targetArn, IntegrationName: name, DataFilter }
    await client.send(new CreateIntegrationCommand(command))
    return "CreateIntegration"
  }
  if (kind < 0.5) {
    await client.send(new ModifyIntegrationCommand({ IntegrationIdentifier: name, DataFilter }))
    return "ModifyIntegration"
  }
  if (kind < 0.6) {
    await client.send(new DeleteIntegrationCommand({ IntegrationIdentifier: name }))
    return "DeleteIntegration"
  }
  await client.send(new DescribeIntegrationsCommand({}))
  return "DescribeIntegrations"
}

async function deleteAll(client: RDSClient): Promise<void> {
  await waitUntil(
    async () => {
      const { Integrations = [] } = await client.send(new DescribeIntegrationsCommand({}))
      for (const { IntegrationArn, Status } of Integrations) {
        if (Status === "deleting" || Status === "creating" || Status === "modifying") continue
        await client.send(new DeleteIntegrationCommand({ IntegrationIdentifier: IntegrationArn }))
      }
      return Integrations.length === 0
    },
    { what: "all to be gone", timeoutMs: 60_000, intervalMs: 100 },
  )
}

const stateTables = ["integrations", "destinations", "pipelines", "tables", "resource_tags"]

async function assertNothingLeft(place: Place, sources: readonly Source[]): Promise<void> {
  for (const { url } of sources) {
    const left = await onDatabase(url, (client) =>
      client.query(`SELECT slot_name FROM pg_replication_slots WHERE database = current_database()
        UNION ALL SELECT pubname FROM pg_publication`),
    )
    assert.deepEqual(left.rows, [])
  }
  await onDatabase(place.stateUrl ?? "", async (client) => {
    for (const table of stateTables)
      assert.deepEqual((await client.query(`SELECT * FROM millrace.${table}`)).rows, [], table)
  })
  for (const folder of ["spool", "staging"]) assert.deepEqual(await filesIn(join(place.dataDir, folder)), [])
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const found = await readdir(folder, { recursive: true, withFileTypes: true })
    return found.filter((one) => one.isFile()).map(({ name }) => name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
    throw error
  }
}
