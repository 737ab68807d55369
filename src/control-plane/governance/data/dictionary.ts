import { Fault } from "../../../domain/faults.ts"
import type { GovernedColumn } from "../../../governance/model/source.ts"
import { type SourceRecord, sourceById } from "../../../state/governance/sources.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { addTags, putTags, tagsNamed, takeTag } from "../../../state/governance/tags.ts"
import type { Change, Db } from "../../../state/governance/transactions.ts"
import { type Changed, type GovernanceCaller, notFound } from "../changes.ts"
import { checkedPath } from "../names.ts"
import { withParents } from "./tags.ts"

/** What a dictionary says of one column. */
export interface DictionaryColumn {
  name: string
  /** Just these; absent: those that it has. */
  tags?: readonly string[] | undefined
}

/**
 * Gives columns just the tags that the dictionary says. All else of a column is read from the warehouse; a column that the
 * dictionary does not name stays as it is. @throws Fault resourceNotFound, validation
 */
export function putDictionary(
  store: GovernanceStore,
  caller: GovernanceCaller,
  { sourceId, columns }: { sourceId: number; columns: readonly DictionaryColumn[] },
): Promise<Changed<SourceRecord>> {
  return store.change(async (change) => {
    const source = await sourceIn(change.db, sourceId)
    for (const { name, tags } of columns) {
      const column = source.columns.find((one) => one.name === name)
      if (column === undefined)
        throw new Fault(
          "validation",
          `${source.name} has no column ${name}: columns are read from the warehouse.`,
        )
      if (tags !== undefined) await setTags(change, { sourceId, column, tags, by: caller.name })
    }
    const output = await sourceIn(change.db, sourceId)
    return {
      output,
      resource: `data source ${sourceId}`,
      before: tagsByColumn(source),
      after: tagsByColumn(output),
    }
  })
}

interface TaggedColumn {
  sourceId: number
  column: GovernedColumn
  tags: readonly string[]
  by: string
}

async function setTags(change: Change, { sourceId, column, tags, by }: TaggedColumn): Promise<void> {
  const wanted = [...new Set(tags.map((name) => checkedPath("tag", name)))]
  const place = { sourceId, column: column.name }
  const former = column.tags.filter((name) => !wanted.includes(name))
  for (const { id } of await tagsNamed(change.db, former)) await takeTag(change, place, id)
  await putTags(change, [...new Set(wanted.flatMap(withParents))], by)
  const found = await tagsNamed(change.db, wanted)
  await addTags(
    change,
    place,
    found.map(({ id }) => id),
  )
}

async function sourceIn(db: Db, id: number): Promise<SourceRecord> {
  const found = await sourceById(db, id)
  if (found === undefined) throw notFound("data source", id)
  return found
}

function tagsByColumn({ name, columns }: SourceRecord): object {
  return { dataSource: name, columns: columns.map((one) => ({ name: one.name, tags: one.tags })) }
}
