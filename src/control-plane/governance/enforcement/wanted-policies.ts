import type { SeenTable, WantedPeople, WantedPolicies } from "../../../engines/policy-server.ts"
import type { GovernedSource } from "../../../governance/model/source.ts"
import type { SourcePlan } from "../../../governance/plan/plan.ts"
import type { KnownGovernance } from "./governance-watch.ts"
import { type ReadPolicy, sourcePlans } from "./source-plans.ts"

type Known = Extract<KnownGovernance, { kind: "known" }>

export interface WantedOptions {
  known: Known
  installation: string
  readPolicy: ReadPolicy
}

/** What readers shall see in each database, by the facts of one version; plans are compiled once for all of them. */
export function wantedBy({ known: { facts, secrets }, installation, readPolicy }: WantedOptions) {
  const plans = sourcePlans(facts.policies, readPolicy)
  return (database: string, seen: readonly SeenTable[], people: WantedPeople): WantedPolicies => {
    const own = facts.sources.filter(({ table }) => table.database === database)
    const sources = own.map((source) => {
      const { id, view, table } = source
      return { id, view, table, plan: planOf(source, seen, { plans, secrets }) }
    })
    const built = sources.flatMap(({ plan }) => (isBuilt(plan) ? plan.secretIds : []))
    return {
      version: facts.version,
      installation,
      people,
      impersonators: impersonatorsOf(facts),
      sources,
      closed: closedPlaces(facts, database),
      secrets: new Map([...new Set(built)].map((id) => [id, secrets.get(id) ?? ""])),
    }
  }
}

/** Whoever is disabled may nothing. */
function impersonatorsOf({ people, impersonators }: Known["facts"]): string[] {
  return people.flatMap(({ id, warehouseUser, isDisabled }) =>
    impersonators.has(id) && !isDisabled ? [warehouseUser] : [],
  )
}

/** Whether anything of the database is governed. */
export function isGoverned({ facts: { sources, rules } }: Known, database: string): boolean {
  return (
    sources.some(({ table }) => table.database === database) ||
    rules.some((rule) => rule.database === database)
  )
}

const notThere = "its table is not there"
const notKnown = "its columns are not known yet"

/** Whether a source that has no view only waits for its table. */
export function isWaiting(plan: SourcePlan | string): boolean {
  return plan === notThere || plan === notKnown
}

/** Why a source has no view; `undefined`: it has one, if its server makes it. */
export function refusalOf(plan: SourcePlan | string): string | undefined {
  if (typeof plan === "string") return plan
  if (plan.kind === "built") return undefined
  return plan.refusals.map(({ policyKey, message }) => `policy ${policyKey}: ${message}`).join("; ")
}

function isBuilt(plan: SourcePlan | string): plan is Extract<SourcePlan, { kind: "built" }> {
  return typeof plan !== "string" && plan.kind === "built"
}

function planOf(
  source: GovernedSource,
  seen: readonly SeenTable[],
  { plans, secrets }: { plans(source: GovernedSource): SourcePlan | string; secrets: Known["secrets"] },
): SourcePlan | string {
  const { schema, name } = source.table
  const table = seen.find((one) => one.schema === schema && one.name === name)
  if (table === undefined) return notThere
  if (table.unreadable !== undefined) return table.unreadable
  if (source.columns.length === 0) return notKnown
  const plan = plans(source)
  const missing = isBuilt(plan) ? plan.secretIds.find((id) => !secrets.has(id)) : undefined
  return missing === undefined ? plan : `the secret ${missing} of its hashes is missing`
}

function closedPlaces({ sources, rules }: Known["facts"], database: string): WantedPolicies["closed"] {
  return [
    ...sources.flatMap(({ table }) =>
      table.database === database ? [{ schema: table.schema, name: table.name }] : [],
    ),
    ...rules.flatMap((rule) =>
      rule.database === database ? [rule.schema === undefined ? {} : { schema: rule.schema }] : [],
    ),
  ]
}
