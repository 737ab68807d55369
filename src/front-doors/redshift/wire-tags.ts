import { Fault } from "../../domain/faults.ts"
import type { Tag } from "../../domain/integration.ts"

interface WireTag {
  Key?: string | undefined
  Value?: string | undefined
}

export function toTags(tags: readonly Tag[]): WireTag[] {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }))
}

/** The model asks for no key; without one there is no tag. @throws Fault invalidTag */
export function fromTags(tags: readonly WireTag[]): Tag[] {
  return tags.map(({ Key, Value }) => {
    if (Key === undefined) throw new Fault("invalidTag", "Every tag needs a Key.")
    return { key: Key, value: Value ?? "" }
  })
}

interface TagSearch {
  TagKeys?: string[] | undefined
  TagValues?: string[] | undefined
}

/** Whether a tag has one of the keys and one of the values; a list that is empty or absent asks for nothing. */
export function fitsTag(tag: Tag, { TagKeys = [], TagValues = [] }: TagSearch): boolean {
  return (
    (TagKeys.length === 0 || TagKeys.includes(tag.key)) &&
    (TagValues.length === 0 || TagValues.includes(tag.value))
  )
}

/** Whether any of the tags fits; where nothing is asked for, none need be there. */
export function fitsTags(tags: readonly Tag[], search: TagSearch): boolean {
  const asks = (search.TagKeys?.length ?? 0) + (search.TagValues?.length ?? 0) > 0
  return !asks || tags.some((tag) => fitsTag(tag, search))
}
