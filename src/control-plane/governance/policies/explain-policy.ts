import { randomBytes } from "node:crypto"
import { Fault } from "../../../domain/faults.ts"
import { compileSource } from "../../../governance/compile/compile-source.ts"
import { type RowValue, RowValueError } from "../../../governance/explain/column-values.ts"
import { type Explanation, explain } from "../../../governance/explain/explain.ts"
import { rowOf, seenRow } from "../../../governance/explain/seen-row.ts"
import type { Person, PersonFacts } from "../../../governance/model/person.ts"
import type { Policy } from "../../../governance/model/policy.ts"
import { personByAccount, searchPeople } from "../../../state/governance/people.ts"
import { allPolicies, type PolicyFields } from "../../../state/governance/policies.ts"
import { type SourceRecord, searchSources, sourceByName } from "../../../state/governance/sources.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Db } from "../../../state/governance/transactions.ts"
import { notFound } from "../changes.ts"
import { foundSource, settleRules } from "../data/sources.ts"
import { readPolicy } from "../enforcement/read-policy.ts"
import { foundPerson } from "../people/people.ts"

/** Of whom it is asked: somebody by name, or somebody with these facts whom nobody knows. */
export type ExplainedPerson =
  /** A user id, `iamid/userid`, or the account in warehouses. */
  | { kind: "named"; name: string }
  | ({ kind: "assumed"; iamId: string; isSubscribed: boolean } & Omit<PersonFacts, "subscriptions">)

export interface ExplainInput {
  source: { id: number } | { name: string }
  person: ExplainedPerson
  /** Policies to try: beside those that are there, or instead of those of the same key. */
  tried: readonly PolicyFields[]
  /** A row as JSON has it: what the person would see of it. */
  row: Readonly<Record<string, unknown>> | undefined
}

/** A row as the person would see it. Hashes in it are of a secret of this answer alone. */
export type ExplainedRow = { kind: "hidden" } | { kind: "shown"; values: Record<string, RowValue> }

export interface PolicyExplanation {
  source: SourceRecord
  /** `undefined`: assumed, not somebody who is there. */
  person: Person | undefined
  explanation: Explanation
  row: ExplainedRow | undefined
}

/** Which rules hold for the person on the source, why, and what the person would see. @throws Fault resourceNotFound, validation */
export async function explainPolicies(
  store: GovernanceStore,
  input: ExplainInput,
): Promise<PolicyExplanation> {
  await settleRules(store)
  const { source, account, policies } = await store.read(async (db) => ({
    source: await sourceBy(db, input.source),
    account: input.person.kind === "named" ? await accountOf(db, input.person.name) : undefined,
    policies: withTried((await allPolicies(db)).map(readPolicy), input.tried.map(readPolicy)),
  }))
  const known = account === undefined ? undefined : await store.personOf(account)
  const person = input.person.kind === "assumed" ? assumed(input.person, source.id) : known
  const explanation = explain({ source, policies }, person)
  const row =
    input.row === undefined ? undefined : await explainedRow(store, { source, policies, person }, input.row)
  return { source, person: known, explanation, row }
}

async function sourceBy(db: Db, by: ExplainInput["source"]): Promise<SourceRecord> {
  if ("id" in by) return foundSource(db, by.id)
  const found = await sourceByName(db, by.name)
  if (found === undefined) throw await notFoundWithLike(db, by.name)
  return found
}

const shownAtMost = 5

/** People know a table by its own name; a data source's begins with the place of the table. */
async function notFoundWithLike(db: Db, name: string): Promise<Fault> {
  const page = { offset: 0, size: shownAtMost, isDescending: false, order: "name" } as const
  const { sources, count } = await searchSources(db, { text: name }, page)
  if (count === 0) return notFound("data source", name)
  const names = sources.map((one) => one.name).join(", ")
  const others = count > sources.length ? ` and ${count - sources.length} more` : ""
  return new Fault("resourceNotFound", `There is no data source ${name}. Name it whole: ${names}${others}.`)
}

/** @throws Fault resourceNotFound, validation: the name is of several people */
async function accountOf(db: Db, name: string): Promise<string> {
  const [, iamId, userId] = /^([^/]+)\/(.+)$/s.exec(name) ?? []
  if (iamId !== undefined && userId !== undefined)
    return (await foundPerson(db, { iamId, userId })).warehouseUser
  const page = { offset: 0, size: 2, isDescending: false, order: "iamid" } as const
  const { people } = await searchPeople(db, { exactUserId: name, includesDisabled: true }, page)
  const [person, another] = people
  if (another !== undefined) {
    throw new Fault("validation", `${name} is in several directories: write ${person?.iamId}/${name}.`)
  }
  const found = person ?? (await personByAccount(db, name.toLowerCase()))
  if (found === undefined) throw notFound("user", name)
  return found.warehouseUser
}

function withTried(policies: readonly Policy[], tried: readonly Policy[]): Policy[] {
  const keys = new Set(tried.map(({ key }) => key))
  return [...policies.filter(({ key }) => !keys.has(key)), ...tried]
}

function assumed(
  { iamId, isSubscribed, groups, attributes, purposes }: Extract<ExplainedPerson, { kind: "assumed" }>,
  sourceId: number,
): Person {
  return {
    ...{ id: 0, iamId, userId: "", warehouseUser: "", isDisabled: false },
    ...{ groups, attributes, purposes },
    subscriptions: new Set(isSubscribed ? [sourceId] : []),
  }
}

const secretBytes = 32

async function explainedRow(
  store: GovernanceStore,
  asked: { source: SourceRecord; policies: readonly Policy[]; person: Person | undefined },
  given: Readonly<Record<string, unknown>>,
): Promise<ExplainedRow> {
  const plan = compileSource(asked)
  if (plan.kind === "notBuilt") return { kind: "hidden" }
  const salts = await store.salts()
  const own = randomBytes(secretBytes).toString("hex")
  try {
    const seen = seenRow(plan, asked.person, {
      row: rowOf(plan, given),
      now: new Date(),
      secret: (id) => salts.get(id)?.toString("hex") ?? "",
      hashSecret: (id) => own + id,
    })
    return seen.kind === "shown" ? { kind: "shown", values: Object.fromEntries(seen.values) } : seen
  } catch (error) {
    if (error instanceof RowValueError) throw new Fault("validation", `The row: ${error.message}.`)
    throw error
  }
}
