const escaped: Record<string, string> = { n: "\n", r: "\r", "0": "\0" }

/** The labels of `enum('a','it''s','a\\b')` or `set(…)`, as information_schema prints them whatever the sql_mode. */
export function labelsOf(columnType: string): string[] {
  const list = columnType.slice(columnType.indexOf("("))
  return [...list.matchAll(/'((?:[^'\\]|''|\\.)*)'/gs)].map(([, label = ""]) =>
    label.replace(/''|\\(.)/gs, (_, character: string | undefined) =>
      character === undefined ? "'" : (escaped[character] ?? character),
    ),
  )
}
