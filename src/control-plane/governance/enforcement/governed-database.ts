import {
  PoliciesAreHeld,
  type PolicyDatabase,
  type PolicyServer,
  type SeenTable,
  type UnshownSource,
  type WantedPeople,
  type WantedPolicies,
} from "../../../engines/policy-server.ts"
import type { GovernedSource } from "../../../governance/model/source.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { KnownGovernance } from "./governance-watch.ts"
import { newPeopleChanges, type PeopleChanges } from "./people-changes.ts"
import { isGoverned, isWaiting, refusalOf, type wantedBy } from "./wanted-policies.ts"

/** How policies hold in one database, as far as is known. */
export interface EnforcedDatabase {
  database: string
  /** That readers see; `undefined`: none was applied yet. */
  version: number | undefined
  isGoverned: boolean
  /** What lets people past the policies, and what could not be applied; each a sentence without its full stop. Empty: they hold. */
  problems: readonly string[]
  /** When these were found, by the monotonic clock. */
  seenAtMs: number
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
  /** Where nothing is governed: `forget`: nobody is known there, and no connection is kept. `keepPeople`: people are kept as they are. */
  whenUngoverned?: "forget" | "keepPeople"
}

/** Tries that find a reader in the way, before the views are closed to everybody until they are made. */
const heldAtMost = 8

/** What one database is kept by. */
interface Keeping extends GovernedDatabaseOptions {
  changes: PeopleChanges
  /** Absent: not connected. */
  open: PolicyDatabase | undefined
  applied: { key: string; version: number } | undefined
  isGoverned: boolean
  /** Why nothing could be applied; `undefined`: it could. */
  failure: string | undefined
  /** Of sources that have no view. */
  unshown: readonly string[]
  /** What the last probe found. */
  found: readonly string[]
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
    isGoverned: false,
    failure: undefined,
    unshown: [],
    found: [],
    lookedAtMs: Number.NEGATIVE_INFINITY,
    probedAtMs: Number.NEGATIVE_INFINITY,
    held: 0,
  }
  return {
    async keep(known, wanted) {
      try {
        const result = await keep(keeping, known, wanted)
        keeping.failure = undefined
        return result
      } catch (error) {
        // A broken session is not used again.
        if (!(error instanceof PoliciesAreHeld)) await disconnect(keeping)
        // A reader that is in the way for a moment is none of anybody's troubles.
        if (!(error instanceof PoliciesAreHeld) || keeping.held >= heldAtMost)
          keeping.failure = error instanceof Error ? error.message : String(error)
        throw error
      }
    },
    now() {
      const { database, applied, isGoverned, failure, unshown, found, probedAtMs } = keeping
      const problems = [...(failure === undefined ? [] : [failure]), ...unshown, ...found]
      return { database, version: applied?.version, isGoverned, problems, seenAtMs: probedAtMs }
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
  const { database, server, store, changes, lookEveryMs } = keeping
  const { facts } = known
  if (keeping.whenUngoverned !== "keepPeople" && !isGoverned(known, database)) {
    await settle(keeping, known, wanted)
    return "kept"
  }
  const isDue = performance.now() - keeping.lookedAtMs >= lookEveryMs
  if (!isDue && keeping.applied?.version === facts.version) return "kept"
  keeping.open ??= await server.open(database)
  const own = facts.sources.filter(({ table }) => table.database === database)
  const seen = await keeping.open.tables(own.map(({ table }) => table))
  if (await recorded(store, own, seen)) return "changed"
  const key = keyOf(known, seen)
  if (keeping.applied?.key !== key) {
    const all = wanted(database, seen, changes.of(facts.people))
    if (!keeping.isHeld()) return "kept"
    await apply(keeping, keeping.open, { wanted: all, known, key })
    changes.written(facts.people)
  }
  keeping.lookedAtMs = performance.now()
  if (performance.now() - keeping.probedAtMs >= keeping.probeEveryMs)
    await probe(keeping, keeping.open, wanted(database, seen, nobody))
  return "kept"
}

const nobody: WantedPeople = { kind: "all", people: [] }
const nothingGoverned = "nothing is governed"

/** Once: what was governed there is open, nobody is known there, and no connection is kept. */
async function settle(keeping: Keeping, known: Known, wanted: ReturnType<typeof wantedBy>): Promise<void> {
  if (keeping.applied?.key === nothingGoverned) return
  keeping.open ??= await keeping.server.open(keeping.database)
  const all = wanted(keeping.database, [], nobody)
  if (!keeping.isHeld()) return
  await apply(keeping, keeping.open, { wanted: all, known, key: nothingGoverned })
  const { applied } = keeping
  await disconnect(keeping)
  keeping.applied = applied
  keeping.found = []
}

/** What was changed behind our back is said once, and made anew at the next turn. */
async function probe(keeping: Keeping, at: PolicyDatabase, wanted: WantedPolicies): Promise<void> {
  const { leaks, changed } = await at.probe(wanted)
  keeping.found = [...leaks, ...changed]
  keeping.probedAtMs = performance.now()
  if (changed.length > 0) keeping.applied = undefined
}

async function apply(
  keeping: Keeping,
  to: PolicyDatabase,
  { wanted, known: { facts }, key }: { wanted: WantedPolicies; known: Known; key: string },
): Promise<void> {
  try {
    const unmade = await to.apply(wanted)
    // What was found may be mended by it; else the next probe comes in its time.
    if (keeping.applied === undefined || keeping.found.length > 0)
      keeping.probedAtMs = Number.NEGATIVE_INFINITY
    keeping.applied = { key, version: facts.version }
    keeping.held = 0
    keeping.isGoverned = wanted.closed.length > 0
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
): string[] {
  const reasons = new Map(unmade.map(({ id, problem }) => [id, problem]))
  return sources.flatMap(({ id, plan }) => {
    const problem = reasons.get(id) ?? (isWaiting(plan) ? undefined : refusalOf(plan))
    if (problem === undefined) return []
    const name = facts.sources.find((one) => one.id === id)?.name ?? String(id)
    return [`data source ${name} has no view: ${problem}`]
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
