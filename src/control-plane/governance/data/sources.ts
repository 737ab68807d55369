import { Fault } from "../../../domain/faults.ts"
import type { RelationName } from "../../../governance/model/source.ts"
import { groupByName } from "../../../state/governance/groups.ts"
import { personByName } from "../../../state/governance/people.ts"
import type { RuleOwner } from "../../../state/governance/source-rules.ts"
import { type UnlistedTable, unlistedTables } from "../../../state/governance/source-rules.ts"
import {
  insertSource,
  type NewSource,
  patchSource,
  removeSource,
  type SourceOrder,
  type SourcePatch,
  type SourceRecord,
  type SourceSearch,
  searchSources,
  sourceById,
  sourceByName,
} from "../../../state/governance/sources.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { putSubscription, type Subscriber } from "../../../state/governance/subscriptions.ts"
import { addTags, putTags } from "../../../state/governance/tags.ts"
import type { Change, Db } from "../../../state/governance/transactions.ts"
import { type Changed, notFound, type PageInput, refusingClashes } from "../changes.ts"
import { checkedName } from "../names.ts"
import { builtInIam } from "../people/people.ts"
import { namesFor } from "./rule-names.ts"

/** A source and what comes with it. */
export interface SourceInput extends NewSource {
  tags: readonly string[]
  columnTags: ReadonlyMap<string, readonly string[]>
  owners: readonly RuleOwner[]
}

/**
 * Lists the tables that rules cover and nobody has listed. Whoever lists or reads sources calls this first, so that a table has its
 * row here as soon as anybody looks; that it is governed follows from the rule, before any row is here.
 */
export async function settleRules(store: GovernanceStore): Promise<void> {
  const waiting = await store.read(unlistedTables)
  if (waiting.length > 0) await store.change(listUnlisted)
}

/** In a change of the caller's. Names of what was listed. */
export async function listUnlisted(change: Change): Promise<string[]> {
  const listed: string[] = []
  for (const table of await unlistedTables(change.db)) {
    const { id, name } = await insertSource(change, await sourceFor(change, table))
    await tagSource(change, id, table.rule.tags, table.rule.createdBy)
    await ownSource(change, id, table.rule.owners, table.rule.createdBy)
    listed.push(name)
  }
  return listed
}

async function sourceFor({ db }: Change, { rule, schema, name }: UnlistedTable): Promise<NewSource> {
  const table = { database: rule.database, schema, name }
  const names = namesFor(rule.formats, table)
  // A name that is taken costs the table nothing: it is called by its place, which is its own.
  const isTaken = (await sourceByName(db, names.name)) !== undefined
  return {
    ...names,
    ...(isTaken && { name: `${table.database}.${schema}.${name} (${rule.connectionKey})` }),
    table,
    createdBy: rule.createdBy,
    connectionKey: rule.connectionKey,
    ruleId: rule.id,
  }
}

async function tagSource(
  change: Change,
  sourceId: number,
  tags: readonly string[],
  by: string,
): Promise<void> {
  const made = await putTags(change, tags, by)
  await addTags(
    change,
    { sourceId },
    made.map(({ id }) => id),
  )
}

/** Owners who are not there are passed over: a rule may name who comes later. */
async function ownSource(
  change: Change,
  sourceId: number,
  owners: readonly RuleOwner[],
  by: string,
): Promise<void> {
  for (const owner of owners) {
    const subscriber = await ownerOf(change.db, owner)
    if (subscriber === undefined) continue
    await putSubscription(change, {
      model: { kind: "source", id: sourceId },
      subscriber,
      state: "owner",
      required: [],
      createdBy: by,
    })
  }
}

async function ownerOf(db: Db, { kind, iamId, name }: RuleOwner): Promise<Subscriber | undefined> {
  const find = kind === "person" ? personByName : groupByName
  const found = await find(db, iamId ?? builtInIam, name)
  return found && { kind, id: found.id }
}

/** In a change of the caller's. @throws Fault validation; by the constraints of sources */
export async function addSource(change: Change, input: SourceInput): Promise<SourceRecord> {
  const { database, schema, name } = input.table
  for (const part of [database, schema, name]) checkedName("table's name", part)
  checkedName("data source's name", input.name)
  const { id } = await insertSource(change, input)
  return furnished(change, id, input)
}

/** Puts what is declared in place of what was; tags that were given by other calls stay. In a change of the caller's. */
export async function replaceSource(
  change: Change,
  { id }: SourceRecord,
  input: SourceInput,
): Promise<SourceRecord> {
  const { name, view, description, eventTimeColumn } = input
  await patchSource(change, id, { name, view, description, eventTimeColumn })
  return furnished(change, id, input)
}

async function furnished(change: Change, id: number, input: SourceInput): Promise<SourceRecord> {
  await tagSource(change, id, input.tags, input.createdBy)
  for (const [column, names] of input.columnTags) {
    const tags = await putTags(change, names, input.createdBy)
    await addTags(
      change,
      { sourceId: id, column },
      tags.map((tag) => tag.id),
    )
  }
  await ownSource(change, id, input.owners, input.createdBy)
  return foundSource(change.db, id)
}

export function clashOf(constraint: string): string | undefined {
  switch (constraint) {
    case "governed_sources_name":
      return "A data source of this name exists already."
    case "governed_sources_table":
      return "This table is a data source already."
    case "governed_sources_view":
      return "The view of another data source has this name already."
    case "source_rules_place":
      return "Another connection governs the tables of this database and schema already."
  }
  return undefined
}

export async function listSources(
  store: GovernanceStore,
  search: SourceSearch,
  page: PageInput & { order: SourceOrder },
): Promise<{ sources: SourceRecord[]; count: number }> {
  await settleRules(store)
  return store.read((db) => searchSources(db, search, page))
}

/** By id or by name. @throws Fault resourceNotFound */
export async function getSource(
  store: GovernanceStore,
  by: { id: number } | { name: string },
): Promise<SourceRecord> {
  await settleRules(store)
  return store.read(async (db) => {
    if ("id" in by) return foundSource(db, by.id)
    const found = await sourceByName(db, by.name)
    if (found === undefined) throw notFound("data source", by.name)
    return found
  })
}

/** @throws Fault resourceNotFound, conflictingOperation */
export function updateSource(
  store: GovernanceStore,
  id: number,
  patch: SourcePatch,
): Promise<Changed<SourceRecord>> {
  return refusingClashes(clashOf, () =>
    store.change(async (change) => {
      const before = await foundSource(change.db, id)
      const output = (await patchSource(change, id, patch)) ?? before
      return {
        output,
        resource: `data source ${before.name}`,
        before: shownForTrail(before),
        after: shownForTrail(output),
      }
    }),
  )
}

/** From now on the table is no longer governed. @throws Fault resourceNotFound, conflictingOperation: a rule brought it */
export function deleteSource(store: GovernanceStore, id: number): Promise<Changed<SourceRecord>> {
  return store.change(async (change) => {
    const source = await foundSource(change.db, id)
    if (source.ruleId !== undefined) {
      throw new Fault(
        "conflictingOperation",
        `Every table of ${source.table.database} is governed by the connection ${source.connectionKey}: delete that, or the table.`,
      )
    }
    await removeSource(change, id)
    return {
      output: source,
      resource: `data source ${source.name}`,
      before: shownForTrail(source),
      after: undefined,
    }
  })
}

/** @throws Fault resourceNotFound */
export async function foundSource(db: Db, id: number): Promise<SourceRecord> {
  const source = await sourceById(db, id)
  if (source === undefined) throw notFound("data source", id)
  return source
}

/** As the audit trail keeps it. */
export function shownForTrail({
  name,
  table,
  view,
  tags,
  eventTimeColumn,
  description,
}: SourceRecord): object {
  return {
    name,
    table: tableName(table),
    view: `${view.schema}.${view.name}`,
    tags,
    eventTimeColumn,
    description,
  }
}

export function tableName({ database, schema, name }: RelationName): string {
  return `${database}.${schema}.${name}`
}
