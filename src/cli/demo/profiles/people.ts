import { setTimeout as delay } from "node:timers/promises"
import { SetupError } from "../../../configuration/setup-error.ts"
import { connectToSqlPort, integrationName, type Millrace } from "../millrace.ts"
import { answerText, type askedOver, askThrice } from "../screen/answers.ts"
import { count, secondsSince } from "../screen/progress.ts"
import type { Stage } from "../screen/story.ts"
import type { OtherSystem } from "./other-system.ts"
import {
  changedMapping,
  deletion,
  demoResources,
  howManyCustomers,
  howManyProfiles,
  profilesQuestion,
  readerFiles,
  refusedRecords,
} from "./statements.ts"

/** Customers of the shop are profiles, which one statement shows: see `customer_profiles.profiles`. */
export const mostRowsWithProfiles = 500_000

interface People {
  stage: Stage
  millrace: Millrace
  other: OtherSystem
  /** Rows of a statement, on the shop's database of the SQL port. */
  ask(statement: string): Promise<{ header: string[]; rows: (string | null)[][] }>
}

/** Makes profiles of the shop's customers and of a file, by SQL alone, shows them and, with `--once`, deletes all of it. */
export async function showPeople(stage: Stage, millrace: Millrace, other: OtherSystem): Promise<void> {
  const client = await stage.belongings.own(
    () => connectToSqlPort(millrace, integrationName),
    (opened) => opened.end(),
  )
  const ask: People["ask"] = async (statement) => {
    const { fields, rows } = await client.query<(string | null)[]>({ text: statement, rowMode: "array" })
    return { header: fields.map(({ name }) => name), rows }
  }
  const people = { stage, millrace, other, ask }
  const { region } = millrace.access
  const { say, style } = stage.screen
  const resources = demoResources(region, other.webhook.url)
  say(style.bold("People: the shop's customers, and readers that another system knows, become profiles:"))
  for (const { statement } of resources) await change(people, statement)
  await fillProfiles(people)
  await tellRefused(people)
  await answer(people)
  await changeMapping(people)
  if (stage.once) for (const one of resources.toReversed()) await change(people, deletion(one, region))
  say()
}

/** Says a change of a resource, and that it was carried out. */
async function change({ stage: { screen }, ask }: People, statement: string): Promise<void> {
  screen.say(screen.style.dim(`${statement};`))
  const { rows } = await ask(`${statement} RETURNING OperationStatus, StatusMessage`)
  if (rows[0]?.[0] !== "SUCCESS") throw new SetupError(`it ended as ${rows[0]?.join(": ")}`)
}

async function fillProfiles(people: People): Promise<void> {
  const { stage, other, ask } = people
  const startedMs = performance.now()
  await other.bucket.put("readers/1.csv", readerFiles.first)
  const { rows } = await ask(howManyCustomers)
  // Of the file, one is nobody's customer.
  const wanted = Number(rows[0]?.[0]) + 1
  await becomes(`${count(wanted)} profiles`, async () => {
    const found = Number((await ask(howManyProfiles)).rows[0]?.[0])
    stage.screen.live([`  profiles  ${count(found)} of ${count(wanted)}`])
    return found === wanted && other.told.length > 0
  })
  stage.screen.endLive()
  stage.screen.say()
  stage.screen.say(`${count(wanted)} profiles, in ${secondsSince(startedMs)}. The webhook was told:`)
  stage.screen.say(JSON.stringify(other.told[0]))
}

async function tellRefused({ stage: { screen }, ask }: People): Promise<void> {
  screen.say()
  screen.say(screen.style.dim(`${refusedRecords};`))
  screen.say(answerText(await ask(refusedRecords)))
}

async function answer({ stage: { screen }, ask }: People): Promise<void> {
  const asked: ReturnType<typeof askedOver> = {
    ask: () => ask(profilesQuestion),
    close: async () => undefined,
  }
  const found = await askThrice(asked)
  screen.say()
  screen.say(screen.style.dim(`${profilesQuestion};`))
  screen.say(answerText(found))
}

async function changeMapping(people: People): Promise<void> {
  const { stage, millrace, other, ask } = people
  stage.screen.say()
  stage.screen.say("The readers' files get a column more, and their mapping a field:")
  await change(people, changedMapping(millrace.access.region))
  await other.bucket.put("readers/2.csv", readerFiles.second)
  await becomes("the new field", async () => {
    const { rows } = await ask(profilesQuestion)
    return rows.some((row) => row.includes("June"))
  })
  await answer(people)
}

const limitMs = 120_000
const againEveryMs = 200

async function becomes(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + limitMs
  while (!(await isSo())) {
    if (performance.now() > untilMs) throw new SetupError(`${what}: not there after ${limitMs / 1000} s.`)
    await delay(againEveryMs)
  }
}
