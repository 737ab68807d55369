import type { Tag } from "./integration.ts"

const tagLimits = { perResource: 50, keyLength: 128, valueLength: 256 } as const

const allowedCharacters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u
const reservedPrefixes = ["aws:", "rds:"]

export interface TagsMistake {
  kind: "tagLimitExceeded" | "invalidTag"
  message: string
}

/** What is wrong with the set of tags of one resource; undefined when nothing is. */
export function tagsMistake(tags: readonly Tag[]): TagsMistake | undefined {
  if (tags.length > tagLimits.perResource) {
    const message = `There would be ${tags.length} tags; at most ${tagLimits.perResource} are allowed.`
    return { kind: "tagLimitExceeded", message }
  }
  const keys = new Set<string>()
  for (const tag of tags) {
    const mistake = keys.has(tag.key) ? `The tag key ${tag.key} is given twice.` : tagMistake(tag)
    if (mistake !== undefined) return { kind: "invalidTag", message: mistake }
    keys.add(tag.key)
  }
  return undefined
}

function tagMistake({ key, value }: Tag): string | undefined {
  if (key === "" || key.length > tagLimits.keyLength) {
    return `A tag key must have 1 to ${tagLimits.keyLength} characters.`
  }
  const reserved = reservedPrefixes.find((prefix) => key.toLowerCase().startsWith(prefix))
  if (reserved !== undefined) return `The tag key ${key} starts with ${reserved}, which is reserved.`
  if (value.length > tagLimits.valueLength) {
    return `The value of tag ${key} has more than ${tagLimits.valueLength} characters.`
  }
  if (!allowedCharacters.test(key) || !allowedCharacters.test(value)) {
    return `The tag ${JSON.stringify(key)} may hold only letters, digits, spaces and _ . : / = + - @`
  }
  return undefined
}

/** The tags with these put in; those of the same key give way. */
export function withTags(tags: readonly Tag[], added: readonly Tag[]): Tag[] {
  const replaced = new Set(added.map(({ key }) => key))
  return [...tags.filter(({ key }) => !replaced.has(key)), ...added]
}
