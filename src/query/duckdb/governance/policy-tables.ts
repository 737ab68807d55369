import type { KnownGovernance } from "../../../control-plane/governance/enforcement/governance-watch.ts"
import { type ReadPolicy, sourcePlans } from "../../../control-plane/governance/enforcement/source-plans.ts"
import { foldName } from "../../../domain/sql-access.ts"
import type { Person } from "../../../governance/model/person.ts"
import type { GovernedSource, RelationName } from "../../../governance/model/source.ts"
import { planFor } from "../../../governance/plan/fold.ts"
import type { SourcePlan } from "../../../governance/plan/plan.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import type { Governance, GovernedTables, TableView } from "../../governed-tables.ts"
import { personalQuery } from "./personal-query.ts"

export interface PolicyTablesOptions {
  now(): KnownGovernance
  readPolicy: ReadPolicy
  /** Where the columns of governed tables are recorded; absent: they are recorded by somebody else. */
  store?: GovernanceStore
}

/** What users see of the tables of one version of the facts. */
type Compiled = Extract<Governance, { kind: "off" | "on" }>

/** Governs tables by the policies of the state database. Plans are compiled when a table is first read after a change. */
export function policyTables({ now, readPolicy }: PolicyTablesOptions): GovernedTables {
  let of: KnownGovernance | undefined
  let compiled: Compiled = { kind: "off" }
  return {
    now: () => {
      const known = now()
      if (known.kind === "unknown")
        return { kind: "unknown", problem: `the policies cannot be read: ${known.problem}` }
      if (known !== of) {
        compiled = compile(known, readPolicy)
        of = known
      }
      return compiled
    },
  }
}

type Facts = Extract<KnownGovernance, { kind: "known" }>

function compile({ facts, secrets }: Facts, readPolicy: ReadPolicy): Compiled {
  if (facts.sources.length === 0 && facts.rules.length === 0) return { kind: "off" }
  const sources = new Map(facts.sources.map((source) => [tableKey(source.table), source]))
  const people = new Map(facts.people.map((person) => [person.warehouseUser, person]))
  const ruled = new Set(facts.rules.map(({ database, schema }) => schemaKey(database, schema)))
  const isRuled = ({ database, schema }: RelationName) =>
    ruled.has(schemaKey(database, undefined)) || ruled.has(schemaKey(database, schema))
  const plans = sourcePlans(facts.policies, readPolicy)
  const views = newViewCache()
  return {
    kind: "on",
    version: String(facts.version),
    view: (table, user) => {
      const source = sources.get(tableKey(table))
      if (source === undefined) return isRuled(table) ? unlisted : open
      return views.of(source, user, () => viewOf(plans(source), people.get(user.toLowerCase()), secrets))
    },
  }
}

const open: TableView = { kind: "open" }
/** A table that a rule governs and that was not listed yet: nobody has seen its columns. */
const unlisted: TableView = {
  kind: "refused",
  problem: "it is governed by a rule and was not listed as a data source yet",
}

/** Names as the warehouse compares them. */
function tableKey({ database, schema, name }: RelationName): string {
  return [database, schema, name].map(foldName).join("\0")
}

function schemaKey(database: string, schema: string | undefined): string {
  return [foldName(database), schema === undefined ? "" : foldName(schema)].join("\0")
}

/** Sources and users that were asked for; the texts are short beside the facts. */
const viewsAtMost = 20_000

function newViewCache() {
  const views = new Map<string, TableView>()
  return {
    of: (source: GovernedSource, user: string, make: () => TableView): TableView => {
      const key = `${source.id}\0${user}`
      const known = views.get(key)
      if (known !== undefined) return known
      if (views.size >= viewsAtMost) views.clear()
      const view = make()
      views.set(key, view)
      return view
    },
  }
}

function viewOf(plan: SourcePlan | string, person: Person | undefined, secrets: Facts["secrets"]): TableView {
  if (typeof plan === "string") return { kind: "refused", problem: plan }
  if (plan.kind === "notBuilt") {
    const reasons = plan.refusals.map(({ policyKey, message }) => `policy ${policyKey}: ${message}`)
    return { kind: "refused", problem: reasons.join("; ") }
  }
  if (plan.columns.length === 0) return { kind: "refused", problem: "its columns are not known yet" }
  const missing = plan.secretIds.find((id) => !secrets.has(id))
  if (missing !== undefined)
    return { kind: "refused", problem: `the secret ${missing} of its hashes is missing` }
  return {
    kind: "filtered",
    sql: personalQuery(plan, person, (id) => quoteLiteral(secrets.get(id) ?? "")),
    columns: planFor(plan, person).columns.map(({ name, type, cell }) => ({
      name,
      type: type.kind === "table" ? type.name : "VARCHAR",
      isClear: cell.kind === "clear",
    })),
  }
}
