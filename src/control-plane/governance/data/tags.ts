import { Fault } from "../../../domain/faults.ts"
import { sourceById } from "../../../state/governance/sources.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import {
  addTags,
  putTags,
  removeTag,
  type TaggedPlace,
  type TagRecord,
  tagsNamed,
  tagsOfSources,
  takeTag,
} from "../../../state/governance/tags.ts"
import type { Db } from "../../../state/governance/transactions.ts"
import { type Changed, type GovernanceCaller, notFound } from "../changes.ts"
import { checkedName, checkedPath } from "../names.ts"

/** Makes those that are not there yet, with the tags above them. @throws Fault validation */
export function createTags(
  store: GovernanceStore,
  caller: GovernanceCaller,
  names: readonly string[],
): Promise<Changed<TagRecord[]>> {
  const paths = names.map((name) => checkedPath("tag", name))
  const wanted = [...new Set(paths.flatMap(withParents))]
  return store.change(async (change) => {
    const known = new Set((await tagsNamed(change.db, wanted)).map(({ name }) => name))
    const output = await putTags(change, wanted, caller.name)
    const made = wanted.filter((name) => !known.has(name))
    const resource = `tag ${paths.join(" ")}`
    return {
      output: output.filter(({ name }) => paths.includes(name)),
      resource,
      before: undefined,
      after: { made },
    }
  })
}

/** A tag and those above it: `a`, `a.b`, `a.b.c`. */
export function withParents(name: string): string[] {
  const parts = name.split(".")
  return parts.map((_, at) => parts.slice(0, at + 1).join("."))
}

/** From every table and column that has it. @throws Fault resourceNotFound, validation: there are tags below it */
export function deleteTag(
  store: GovernanceStore,
  name: string,
  { below }: { below: boolean },
): Promise<Changed<TagRecord>> {
  return store.change(async (change) => {
    const tag = await foundTag(change.db, name)
    if (tag.hasChildren && !below) {
      throw new Fault(
        "validation",
        `There are tags below ${name}: delete them too with deleteHierarchy=true.`,
      )
    }
    await removeTag(change, name, { below })
    return { output: tag, resource: `tag ${name}`, before: { name, below }, after: undefined }
  })
}

/** Gives a source or a column tags; those that are no tags yet become some. @throws Fault validation, resourceNotFound */
export function tagPlace(
  store: GovernanceStore,
  caller: GovernanceCaller,
  { place, names }: { place: TaggedPlace; names: readonly string[] },
): Promise<Changed<TagRecord[]>> {
  const paths = names.map((name) => checkedPath("tag", name))
  return store.change(async (change) => {
    const before = await shownPlace(change.db, place)
    await putTags(change, [...new Set(paths.flatMap(withParents))], caller.name)
    const tags = await tagsNamed(change.db, paths)
    await addTags(
      change,
      place,
      tags.map(({ id }) => id),
    )
    const after = await shownPlace(change.db, place)
    return { output: tags, resource: resourceOf(place), before, after }
  })
}

/** @throws Fault resourceNotFound */
export function untagPlace(
  store: GovernanceStore,
  place: TaggedPlace,
  name: string,
): Promise<Changed<TagRecord>> {
  return store.change(async (change) => {
    const before = await shownPlace(change.db, place)
    const tag = await foundTag(change.db, name)
    await takeTag(change, place, tag.id)
    return { output: tag, resource: resourceOf(place), before, after: await shownPlace(change.db, place) }
  })
}

/** `17`, or `17_ssn` for a column. (Fact: what stands in the route's `modelId`; how both parts are joined is ours.) */
export function placeOf(modelType: string, modelId: string): TaggedPlace {
  const [, id = "", column] = /^(\d{1,9})(?:_(.+))?$/s.exec(modelId) ?? []
  if (id === "") throw new Fault("validation", `${modelId} names no data source by its id.`)
  switch (modelType) {
    case "datasource":
      return { sourceId: Number(id) }
    case "column":
      if (column !== undefined) return { sourceId: Number(id), column: checkedName("column", column) }
      throw new Fault("validation", "A column is named by its data source's id, _ and its name: 17_ssn.")
  }
  throw new Fault("unsupported", `Tags are of datasource and column here; ${modelType} has none.`)
}

/** @throws Fault resourceNotFound */
async function shownPlace(db: Db, { sourceId, column }: TaggedPlace): Promise<object> {
  const source = await sourceById(db, sourceId)
  if (source === undefined) throw notFound("data source", sourceId)
  const tags = (await tagsOfSources(db, [sourceId])).get(sourceId)
  const found = column === undefined ? tags?.own : tags?.columns.get(column)
  return { dataSource: source.name, ...(column !== undefined && { column }), tags: found ?? [] }
}

async function foundTag(db: Db, name: string): Promise<TagRecord> {
  const [tag] = await tagsNamed(db, [name])
  if (tag === undefined) throw notFound("tag", name)
  return tag
}

function resourceOf({ sourceId, column }: TaggedPlace): string {
  return `data source ${sourceId}${column === undefined ? "" : ` column ${column}`}`
}
