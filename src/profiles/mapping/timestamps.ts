/** The field that dates an object. */
const timeField = "sourceLastUpdatedTimestamp"

/** @param _format as in `SourceLastUpdatedTimestampFormat`; undefined: ISO 8601. */
export function timeReader(
  _format: string | undefined,
): (texts: ReadonlyMap<string, string>) => Date | undefined {
  return (texts) => {
    const text = texts.get(timeField)
    const time = text === undefined ? Number.NaN : Date.parse(text)
    return Number.isNaN(time) ? undefined : new Date(time)
  }
}
