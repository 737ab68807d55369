import { randomBytes } from "node:crypto"
import { setTimeout as delay } from "node:timers/promises"
import pg from "pg"
import { SetupError } from "../../../configuration/setup-error.ts"
import { connectForText } from "../../connect.ts"
import { connectToSqlPort, integrationName, type Millrace } from "../millrace.ts"
import { answerText, askedOver } from "../screen/answers.ts"
import type { Stage } from "../screen/story.ts"
import type { Shop } from "../source.ts"
import { type GovernanceCall, governanceCalls } from "./governance-calls.ts"
import { connectInPostgres, prepareInPostgres } from "./in-postgres.ts"
import {
  type DemoPerson,
  demoPeople,
  demoPolicies,
  everybodyMayAsk,
  governedData,
  governedQuestion,
} from "./rules.ts"

/**
 * Registers the shop by a rule, applies two policies, and shows the same question's answer for two people: on the SQL port over
 * DuckDB, then in a PostgreSQL that has the shop as well and that they sign in to.
 */
export async function showTwoPeople(
  stage: Stage,
  millrace: Millrace,
  creation: Shop["creation"],
): Promise<void> {
  const { say, style } = stage.screen
  const call = await governanceCalls(millrace)
  // Redshift's rule for passwords: a capital, a small letter and a digit.
  const password = `Aa1${randomBytes(16).toString("hex")}`
  await makePeople(millrace, call, password)
  // Before the shop is registered: of policies that come one by one, the first would show what the second masks.
  for (const document of [everybodyMayAsk, ...demoPolicies.map((one) => one.document)])
    await call("POST", "/api/v2/policy", document)
  await call("POST", "/api/v2/data", governedData(integrationName))
  say(style.bold("The same question of two people, by two policies:"))
  for (const { says } of demoPolicies) say(`- ${says}`)
  say(style.dim(governedQuestion))
  await askEach(stage, "on DuckDB", (person) => connectAs(millrace, person, password))
  await prepareInPostgres(stage, millrace, { call, creation, password })
  await askEach(stage, "in PostgreSQL", (person) => connectInPostgres(millrace, person, password))
  say()
}

async function askEach(
  { screen: { say, style }, belongings }: Stage,
  where: string,
  connect: (person: DemoPerson) => Promise<pg.Client>,
): Promise<void> {
  for (const person of demoPeople) {
    const asked = await belongings.own(
      async () => askedOver(await connect(person), governedQuestion),
      (opened) => opened.close(),
    )
    const answer = await onceGoverned(() => asked.ask(), person)
    say()
    say(`${style.bold(person.title)} sees ${where}:`)
    say(answerText(answer))
  }
}

/** Each with an account of the SQL port that may read the shop, and a profile with attributes and groups. */
async function makePeople(millrace: Millrace, call: GovernanceCall, password: string): Promise<void> {
  const groups = new Map<string, number>()
  for (const name of new Set(demoPeople.flatMap((one) => one.groups))) {
    const made = (await call("POST", "/bim/group", { iamid: "bim", name })) as { id: number }
    groups.set(name, made.id)
  }
  const admin = await connectToSqlPort(millrace, integrationName)
  try {
    for (const { name, currencies, groups: own } of demoPeople) {
      await admin.query(`CREATE USER ${name} PASSWORD '${password}'`)
      await admin.query(`GRANT USAGE ON SCHEMA public TO ${name}`)
      await admin.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${name}`)
      const profile = { name, email: `${name}@example.com` }
      await call("POST", "/bim/iam/bim/user", { userid: name, profile })
      for (const currency of currencies)
        await call("PUT", `/bim/iam/bim/user/${name}/authorizations/currency/${currency}`)
      for (const group of own)
        await call("POST", `/bim/group/${groups.get(group)}/user`, { userid: name, iamid: "bim" })
    }
  } finally {
    await admin.end()
  }
}

async function connectAs(
  { configuration }: Millrace,
  { name }: DemoPerson,
  password: string,
): Promise<pg.Client> {
  return await connectForText({
    ...configuration.listen.sql,
    user: name,
    password,
    database: integrationName,
  })
}

const governedLimitMs = 20_000
const againEveryMs = 200

/**
 * Policies hold on open sessions within a second, and a table is closed, or has no view, until its columns were recorded. There are rows for
 * each person of the demo, with as many currencies as the person's.
 */
async function onceGoverned<T extends { rows: unknown[] }>(
  ask: () => Promise<T>,
  { name, currencies }: DemoPerson,
): Promise<T> {
  const untilMs = performance.now() + governedLimitMs
  for (;;) {
    const answer = await ask().catch((error: unknown) => {
      if (error instanceof pg.DatabaseError && ["40001", "42501", "42P01"].includes(error.code ?? ""))
        return undefined
      throw error
    })
    if (answer?.rows.length === currencies.length) return answer
    if (performance.now() > untilMs)
      throw new SetupError(`the policies do not show ${name} ${currencies.length} currencies.`)
    await delay(againEveryMs)
  }
}
