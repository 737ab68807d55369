import { dateFormat } from "./date-format.ts"

/** The field that dates an object. */
const timeField = "sourceLastUpdatedTimestamp"

/**
 * Reads when an object was changed at its source.
 *
 * @param format as in `SourceLastUpdatedTimestampFormat`. What is not in that form, and everything without one, is read as ISO 8601.
 */
export function timeReader(
  format: string | undefined,
): (texts: ReadonlyMap<string, string>) => Date | undefined {
  const byFormat = format === undefined ? undefined : dateFormat(format)
  return (texts) => {
    const text = texts.get(timeField)
    if (text === undefined) return undefined
    const timeMs = byFormat?.(text) ?? Date.parse(text)
    return Number.isNaN(timeMs) ? undefined : new Date(timeMs)
  }
}
