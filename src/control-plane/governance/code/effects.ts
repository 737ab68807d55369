import { compileSource } from "../../../governance/compile/compile-source.ts"
import type { Person } from "../../../governance/model/person.ts"
import type { Cell } from "../../../governance/plan/cells.ts"
import { planFor } from "../../../governance/plan/fold.ts"
import type { SourcePlan } from "../../../governance/plan/plan.ts"
import type { GovernanceFacts } from "../../../state/governance/facts.ts"
import { readPolicy } from "../enforcement/read-policy.ts"

/** `open`: not governed. `closed`: a policy cannot be kept. `some`: by row. */
export type RowsSeen = "open" | "closed" | "none" | "some" | "all"

/** What changes for a person on a source. */
export interface CodeEffect {
  /** `iamid/userid`. */
  person: string
  source: string
  rows: { before: RowsSeen; after: RowsSeen }
  /** `some` both times, and other ones. */
  areOtherRows: boolean
  /** `clear`, `hidden`, or the kinds of masks that may stand in it, the strictest first. */
  columns: { name: string; before: string; after: string }[]
}

export interface CodeEffects {
  effects: CodeEffect[]
  /** There are more than are told, or more people and sources than were looked at. */
  more: boolean
}

const mostEffects = 500
const mostPairs = 200_000

interface Seen {
  rows: RowsSeen
  filter: string
  columns: Map<string, string>
}

type Facts = Pick<GovernanceFacts, "people" | "sources" | "policies">

/** Who sees other rows or values of which sources. Only people and sources are looked at that changed. */
export function codeEffects(before: Facts, after: Facts): CodeEffects {
  const [plansBefore, plansAfter] = [plansOf(before), plansOf(after)]
  const [peopleBefore, peopleAfter] = [byId(before.people), byId(after.people)]
  const names = new Map([...before.sources, ...after.sources].map(({ id, name }) => [id, name]))
  const effects: CodeEffect[] = []
  let pairs = 0
  for (const [sourceId, source] of names) {
    const plans = [plansBefore.get(sourceId), plansAfter.get(sourceId)] as const
    const isSamePlan = planText(plans[0]) === planText(plans[1])
    for (const personId of new Set([...peopleBefore.keys(), ...peopleAfter.keys()])) {
      const people = [peopleBefore.get(personId), peopleAfter.get(personId)] as const
      if (isSamePlan && personText(people[0]) === personText(people[1])) continue
      if (++pairs > mostPairs || effects.length >= mostEffects) return { effects, more: true }
      const effect = effectOf(seenBy(plans[0], people[0]), seenBy(plans[1], people[1]))
      const named = people[1] ?? people[0]
      if (effect !== undefined)
        effects.push({ person: `${named?.iamId}/${named?.userId}`, source, ...effect })
    }
  }
  return { effects, more: false }
}

function byId(people: readonly Person[]): Map<number, Person> {
  return new Map(people.map((person) => [person.id, person]))
}

function plansOf({ sources, policies }: Facts): Map<number, SourcePlan> {
  const read = policies.map(readPolicy)
  return new Map(sources.map((source) => [source.id, compileSource({ source, policies: read })]))
}

function planText(plan: SourcePlan | undefined): string {
  if (plan?.kind !== "built") return plan === undefined ? "" : "not built"
  return JSON.stringify([plan.facts, plan.filter, plan.columns])
}

function personText(person: Person | undefined): string {
  return JSON.stringify(person ?? null, (_, value: unknown) =>
    value instanceof Set ? [...value].sort() : value instanceof Map ? [...value].sort() : value,
  )
}

function seenBy(plan: SourcePlan | undefined, person: Person | undefined): Seen {
  if (plan === undefined) return { rows: "open", filter: "", columns: new Map() }
  if (plan.kind === "notBuilt") return { rows: "closed", filter: "", columns: new Map() }
  const { filter, columns } = planFor(plan, person)
  const rows = filter.kind !== "constant" ? "some" : filter.value ? "all" : "none"
  const shown = rows === "none" ? [] : columns.map(({ name, cell }) => [name, cellText(cell)] as const)
  return { rows, filter: JSON.stringify(filter) + valuesOf(filter, person), columns: new Map(shown) }
}

/** Of a filter that asks for the person's own values: those values. */
function valuesOf(filter: object, person: Person | undefined): string {
  const isPersonal = /"kind":"(?:attributeValue|groupName)"/.test(JSON.stringify(filter))
  return isPersonal ? personText(person) : ""
}

function cellText(cell: Cell): string {
  if (cell.kind !== "choice") return cell.kind
  return [...new Set([...cell.cases.map(({ then }) => then.kind), cell.otherwise.kind])].join(" or ")
}

function effectOf(before: Seen, after: Seen): Omit<CodeEffect, "person" | "source"> | undefined {
  const areOtherRows = before.rows === "some" && after.rows === "some" && before.filter !== after.filter
  const names = new Set([...before.columns.keys(), ...after.columns.keys()])
  const columns = [...names].flatMap((name) => {
    const [one, other] = [before.columns.get(name) ?? "hidden", after.columns.get(name) ?? "hidden"]
    return one === other ? [] : [{ name, before: one, after: other }]
  })
  if (before.rows === after.rows && !areOtherRows && columns.length === 0) return undefined
  return { rows: { before: before.rows, after: after.rows }, areOtherRows, columns }
}
