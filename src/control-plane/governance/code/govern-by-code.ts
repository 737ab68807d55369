import { Fault } from "../../../domain/faults.ts"
import { brokenConstraint } from "../../../state/connection.ts"
import { factsIn } from "../../../state/governance/facts.ts"
import type { Change } from "../../../state/governance/transactions.ts"
import type { GovernanceCaller } from "../changes.ts"
import { type DataPlane, refuseUnenforced, tried } from "../data/declarations.ts"
import { listUnlisted, settleRules } from "../data/sources.ts"
import { type CodeChange, codeChanges } from "./code-changes.ts"
import { type CodeFolder, type CodeKind, CodeProblem, CodeRefusal, keysOf } from "./code-folder.ts"
import { currentFolder } from "./current-folder.ts"
import { type CodeEffects, codeEffects } from "./effects.ts"
import { makers } from "./make-changes.ts"

/** What a folder changes, and for whom. */
export interface CodeOutcome extends CodeEffects {
  changes: CodeChange[]
}

/** All that there is, as a folder says it. */
export async function exportedFolder(store: DataPlane): Promise<Required<CodeFolder>> {
  await settleRules(store.governance)
  return store.governance.read(currentFolder)
}

/** What the folder would change, and for whom: it is carried out, looked at and undone. @throws Fault, CodeProblem */
export async function planFolder(
  store: DataPlane,
  caller: GovernanceCaller,
  folder: CodeFolder,
): Promise<CodeOutcome> {
  await refuseElsewhere(store, folder)
  return tried(store.governance, (change) => carriedOut(change, caller, folder))
}

/** Makes all of it so in one transaction: readers see what was, or what the folder says. @throws Fault, CodeProblem: then nothing has changed */
export async function applyFolder(
  store: DataPlane,
  caller: GovernanceCaller,
  folder: CodeFolder,
): Promise<CodeOutcome> {
  await refuseElsewhere(store, folder)
  return store.governance.change((change) => carriedOut(change, caller, folder))
}

async function refuseElsewhere(store: DataPlane, { data = [] }: CodeFolder): Promise<void> {
  for (const { connectionKey, rule, tables = [] } of data) {
    const databases = new Set([
      ...(rule === undefined ? [] : [rule.database]),
      ...tables.map((one) => one.database),
    ])
    for (const database of databases)
      await about("data", connectionKey, () => refuseUnenforced(store, database))
  }
}

async function carriedOut(
  change: Change,
  caller: GovernanceCaller,
  folder: CodeFolder,
): Promise<CodeOutcome> {
  await listUnlisted(change)
  const before = await factsIn(change.db)
  const changes = codeChanges(await currentFolder(change.db), folder)
  for (const one of changes) await about(one.kind, one.key, () => carryOut(change, caller, { one, folder }))
  const after = changes.length === 0 ? before : await factsIn(change.db)
  return { changes, ...codeEffects(before, after) }
}

async function carryOut(
  change: Change,
  caller: GovernanceCaller,
  { one: { kind, action, before, key }, folder }: { one: CodeChange; folder: CodeFolder },
): Promise<void> {
  const maker = makers[kind] as (typeof makers)["people"]
  if (action === "delete") return maker.remove(change, before as never)
  await maker.put(change, caller, entryOf(folder, kind, key) as never)
}

function entryOf(folder: CodeFolder, kind: CodeKind, key: string): unknown {
  // Also one that is wanted because others use it.
  if (kind === "tags") return key
  const keyOf = keysOf[kind] as (one: unknown) => string
  return folder[kind]?.find((one: unknown) => keyOf(one) === key)
}

const clashes = new Map([
  ["governed_people_warehouse_user", "its account in warehouses belongs to another user"],
  ["governed_sources_name", "a data source of this name is there, by another connection"],
  ["governed_sources_table", "one of its tables is a data source of another connection"],
  ["governed_sources_view", "one of its views is another data source's"],
  ["source_rules_place", "another connection governs the tables of this database and schema"],
  ["governance_policies_name", "another policy has this name"],
  ["projects_name", "another project has this name"],
])

/** What keeps an entry from being carried out is told with the entry. */
async function about<T>(kind: CodeKind, key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const clash = clashes.get(brokenConstraint(error) ?? "")
    if (clash !== undefined) throw new CodeProblem(kind, key, clash)
    if (error instanceof Fault && error.kind === "unavailable") throw error
    if (error instanceof Fault || error instanceof CodeRefusal)
      throw new CodeProblem(kind, key, error.message)
    throw error
  }
}
