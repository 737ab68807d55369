import { compileSource } from "../../../governance/compile/compile-source.ts"
import type { Cell } from "../../../governance/plan/cells.ts"
import { planFor } from "../../../governance/plan/fold.ts"
import type { SourcePlan } from "../../../governance/plan/plan.ts"
import type { Predicate } from "../../../governance/plan/predicates.ts"
import { personById } from "../../../state/governance/people.ts"
import { allPolicies } from "../../../state/governance/policies.ts"
import type { SourceRecord } from "../../../state/governance/sources.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { type GovernanceCaller, notFound } from "../changes.ts"
import { foundSource, settleRules } from "../data/sources.ts"
import { readPolicy } from "../enforcement/read-policy.ts"
import { actingPerson } from "../people/people.ts"

/** What one person sees of one source. */
export interface Visibility {
  source: SourceRecord
  /** `closed`: a policy cannot be kept, so nobody sees rows. `none`: this person sees none. `some`: it depends on the row. */
  rows: "closed" | "none" | "some" | "all"
  /** Why, where it is closed or none. */
  reason: string | undefined
  /** What may stand in each column besides its value; empty: the value only. */
  columns: { name: string; masks: Exclude<Cell["kind"], "choice" | "clear">[] }[]
  policyKeys: readonly string[]
}

/** `personId` undefined: of the person as whom the key acts. @throws Fault resourceNotFound, accessDenied */
export async function visibilityOf(
  store: GovernanceStore,
  caller: GovernanceCaller,
  { sourceId, personId }: { sourceId: number; personId: number | undefined },
): Promise<Visibility> {
  await settleRules(store)
  const { source, plan, account } = await store.read(async (db) => {
    const person =
      personId === undefined ? await actingPerson(db, caller.name) : await personById(db, personId)
    if (person === undefined) throw notFound("user", personId ?? 0)
    const found = await foundSource(db, sourceId)
    const policies = (await allPolicies(db)).map(readPolicy)
    return {
      source: found,
      plan: compileSource({ source: found, policies }),
      account: person.warehouseUser,
    }
  })
  return { source, ...(await seen(store, plan, account)) }
}

async function seen(
  store: GovernanceStore,
  plan: SourcePlan,
  account: string,
): Promise<Omit<Visibility, "source">> {
  if (plan.kind === "notBuilt") {
    const reason = plan.refusals.map(({ policyKey, message }) => `${policyKey}: ${message}`).join("; ")
    return { rows: "closed", reason, columns: [], policyKeys: [] }
  }
  const { filter, columns } = planFor(plan, await store.personOf(account))
  const rows = rowsOf(filter)
  return {
    rows,
    reason: rows === "none" ? "No policy lets this user see rows of this data source." : undefined,
    columns: columns.map(({ name, cell }) => ({ name, masks: masksIn(cell) })),
    policyKeys: plan.policyKeys,
  }
}

function rowsOf(filter: Predicate): "none" | "some" | "all" {
  if (filter.kind !== "constant") return "some"
  return filter.value ? "all" : "none"
}

function masksIn(cell: Cell): Visibility["columns"][number]["masks"] {
  if (cell.kind === "clear") return []
  if (cell.kind !== "choice") return [cell.kind]
  const all = [...cell.cases.map(({ then }) => then), cell.otherwise].flatMap(masksIn)
  return [...new Set(all)]
}
