import { setTimeout as delay } from "node:timers/promises"
import type pg from "pg"
import { SetupError } from "../../../configuration/setup-error.ts"
import { engines } from "../../../server/registries.ts"
import { connectForText } from "../../connect.ts"
import { requestStatus } from "../../status/status-request.ts"
import { createIntegration } from "../creation.ts"
import type { Millrace } from "../millrace.ts"
import type { Stage } from "../screen/story.ts"
import type { CloudPlace, Shop, SourceEntry } from "../source.ts"
import type { SecondWarehouse } from "../warehouse.ts"
import type { GovernanceCall } from "./governance-calls.ts"
import { type DemoPerson, demoPeople, governedData } from "./rules.ts"

/** The integration's name; its database has it with `_`. */
const integration = "shop-reports"
const database = "shop_reports"

/** The shop's own server is the second warehouse, too: another database of it. */
export function policiesWarehouse({ url }: SourceEntry, { account, region }: CloudPlace): SecondWarehouse {
  const arn = `arn:aws:redshift-serverless:${region}:${account}:namespace/2f0e1d9c-0000-4000-8000-000000000002`
  return { arn, cluster: "reports", entry: { engine: "postgres", url } }
}

/** Replicates the shop into the PostgreSQL, registers it by a rule, and makes each person a role there, without a single grant. */
export async function prepareInPostgres(
  { screen: { say, style } }: Stage,
  millrace: Millrace,
  { call, creation, password }: { call: GovernanceCall; creation: Shop["creation"]; password: string },
): Promise<void> {
  const targetArn = millrace.configuration.warehouses[1]?.arn
  await createIntegration(millrace, creation, { name: integration, targetArn })
  const admin = await connectForText({ url: urlIn(millrace, undefined).href })
  try {
    for (const { name } of demoPeople) await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`)
  } finally {
    await admin.end()
  }
  await untilActive(millrace)
  await call("POST", "/api/v2/data", governedData(integration))
  say()
  say(
    style.dim(
      `# the same in PostgreSQL: another integration, into database ${database} of the shop's server`,
    ),
  )
}

/** The tables' names are those of the views: the schema of the views is where they are looked for. */
export async function connectInPostgres(
  millrace: Millrace,
  { name }: DemoPerson,
  password: string,
): Promise<pg.Client> {
  const url = urlIn(millrace, database)
  url.username = name
  url.password = password
  return await connectForText({ url: url.href, options: "-c search_path=governed_public" })
}

function urlIn({ configuration }: Millrace, name: string | undefined): URL {
  const warehouse = configuration.warehouses[1]
  const url = warehouse && engines.warehouses.of(warehouse).direct?.urlOf(warehouse, name)
  if (url === undefined) throw new Error("the demo has no second warehouse")
  return new URL(url)
}

const activeLimitMs = 120_000
const againEveryMs = 200

async function untilActive({ access }: Millrace): Promise<void> {
  const untilMs = performance.now() + activeLimitMs
  for (;;) {
    const report = await requestStatus(access)
    if (typeof report === "string") throw new SetupError(report)
    const status = report.integrations.find(({ name }) => name === integration)?.status
    if (status === "active") return
    if (performance.now() > untilMs) throw new SetupError(`the integration ${integration} is ${status}.`)
    await delay(againEveryMs)
  }
}
