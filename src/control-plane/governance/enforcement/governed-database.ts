import {
  PoliciesAreHeld,
  type PolicyDatabase,
  type PolicyServer,
  type SeenTable,
  type UnshownSource,
  type WantedPolicies,
} from "../../../engines/policy-server.ts"
import type { GovernedSource } from "../../../governance/model/source.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { KnownGovernance } from "./governance-watch.ts"
import { newPeopleChanges, type PeopleChanges } from "./people-changes.ts"
import { refusalOf, type wantedBy } from "./wanted-policies.ts"

/** How policies hold in one database, as far as is known. */
export interface EnforcedDatabase {
  database: string
  /** That readers see; `undefined`: none was applied yet. */
  version: number | undefined
  /** What lets people past the policies, or keeps policies from being applied. Empty: they hold. */
  problems: readonly string[]
  /** Sources that have no view, each with the reason. */
  unshown: readonly { name: string; problem: string }[]
}

/** One database of a server, kept as policies want it. */
export interface GovernedDatabase {
  /** Looks, and applies what is new. `changed`: columns were recorded, so there is a newer version to apply. @throws Problem */
  keep(known: Known, wanted: ReturnType<typeof wantedBy>): Promise<"kept" | "changed">
  now(): EnforcedDatabase
  close(): Promise<void>
}

type Known = Extract<KnownGovernance, { kind: "known" }>

export interface GovernedDatabaseOptions {
  database: string
  server: PolicyServer
  store: Pick<GovernanceStore, "recordColumns">
  /** Whether this process may still act. */
  isHeld(): boolean
  /** How often the tables are looked at when policies have not changed. */
  lookEveryMs: number
  /** How often it is proved that policies hold. */
  probeEveryMs: number
}

/** Tries that find a reader in the way, before the views are closed to everybody until they are made. */
const heldAtMost = 4

/** What one database is kept by. */
interface Keeping extends GovernedDatabaseOptions {
  changes: PeopleChanges
  /** Absent: not connected. */
  open: PolicyDatabase | undefined
  applied: { key: string; version: number } | undefined
  unshown: EnforcedDatabase["unshown"]
  problems: readonly string[]
  lookedAtMs: number
  probedAtMs: number
  /** Tries in a row that found a reader in the way. */
  held: number
}

export function newGovernedDatabase(options: GovernedDatabaseOptions): GovernedDatabase {
  const keeping: Keeping = {
    ...options,
    changes: newPeopleChanges(),
    open: undefined,
    applied: undefined,
    unshown: [],
    problems: [],
    lookedAtMs: Number.NEGATIVE_INFINITY,
    probedAtMs: Number.NEGATIVE_INFINITY,
    held: 0,
  }
  return {
    async keep(known, wanted) {
      try {
        return await keep(keeping, known, wanted)
      } catch (error) {
        // A broken session is not used again.
        if (!(error instanceof PoliciesAreHeld)) await disconnect(keeping)
        keeping.problems = [error instanceof Error ? error.message : String(error)]
        throw error
      }
    },
    now() {
      const { database, applied, problems, unshown } = keeping
      return { database, version: applied?.version, problems, unshown }
    },
    close: () => disconnect(keeping),
  }
}

async function disconnect(keeping: Keeping): Promise<void> {
  const { open } = keeping
  keeping.open = undefined
  // Another session may find what somebody else has written.
  keeping.changes.forget()
  keeping.applied = undefined
  await open?.close()
}

async function keep(
  keeping: Keeping,
  known: Known,
  wanted: ReturnType<typeof wantedBy>,
): Promise<"kept" | "changed"> {
  const { database, server, store, changes, lookEveryMs, probeEveryMs } = keeping
  const isDue = performance.now() - keeping.lookedAtMs >= lookEveryMs
  if (!isDue && keeping.applied?.version === known.facts.version) return "kept"
  keeping.open ??= await server.open(database)
  const own = known.facts.sources.filter(({ table }) => table.database === database)
  const seen = await keeping.open.tables(own.map(({ table }) => table))
  if (await recorded(store, own, seen)) return "changed"
  const all = wanted(database, seen, changes.of(known.facts.people))
  const key = keyOf(known, seen)
  if (keeping.applied?.key !== key) await apply(keeping, keeping.open, { wanted: all, known, key })
  keeping.lookedAtMs = performance.now()
  if (performance.now() - keeping.probedAtMs < probeEveryMs) return "kept"
  keeping.problems = await keeping.open.probe(all)
  keeping.probedAtMs = performance.now()
  return "kept"
}

async function apply(
  keeping: Keeping,
  to: PolicyDatabase,
  { wanted, known: { facts }, key }: { wanted: WantedPolicies; known: Known; key: string },
): Promise<void> {
  if (!keeping.isHeld()) return
  try {
    const unmade = await to.apply(wanted)
    keeping.changes.written(facts.people)
    keeping.applied = { key, version: facts.version }
    keeping.held = 0
    keeping.probedAtMs = Number.NEGATIVE_INFINITY
    keeping.unshown = unshownOf(wanted, facts, unmade)
  } catch (error) {
    if (error instanceof PoliciesAreHeld) {
      keeping.held += 1
      if (keeping.held >= heldAtMost) await to.closeViews()
    }
    throw error
  }
}

function unshownOf(
  { sources }: WantedPolicies,
  facts: Known["facts"],
  unmade: readonly UnshownSource[],
): EnforcedDatabase["unshown"] {
  const reasons = new Map(unmade.map(({ id, problem }) => [id, problem]))
  return sources.flatMap(({ id, plan }) => {
    const problem = reasons.get(id) ?? refusalOf(plan)
    if (problem === undefined) return []
    return [{ name: facts.sources.find((one) => one.id === id)?.name ?? String(id), problem }]
  })
}

/** What must be applied anew: another version, or another table in a place. */
function keyOf({ facts }: Known, seen: readonly SeenTable[]): string {
  return JSON.stringify([facts.version, seen.map(({ identity }) => identity)])
}

/** Whether a table has other columns than were known. */
async function recorded(
  store: GovernedDatabaseOptions["store"],
  sources: readonly GovernedSource[],
  seen: readonly SeenTable[],
): Promise<boolean> {
  let isChanged = false
  for (const { schema, name, columns } of seen) {
    const source = sources.find(({ table }) => table.schema === schema && table.name === name)
    if (source === undefined || shapeOf(source.columns) === shapeOf(columns)) continue
    isChanged = (await store.recordColumns(source.id, columns)) || isChanged
  }
  return isChanged
}

function shapeOf(columns: readonly SeenTable["columns"][number][]): string {
  return JSON.stringify(columns.map(({ name, kind, type }) => [name, kind, type]))
}
