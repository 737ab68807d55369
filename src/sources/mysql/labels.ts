/** The labels of `enum('a','it''s')` or `set(…)`, as information_schema prints them. */
export function labelsOf(columnType: string): string[] {
  const labels: string[] = []
  let at = columnType.indexOf("(") + 1
  while (columnType[at] === "'") {
    let label = ""
    for (at++; at < columnType.length; at++) {
      if (columnType[at] !== "'") label += columnType[at]
      else if (columnType[at + 1] === "'") {
        label += "'"
        at++
      } else break
    }
    labels.push(label)
    at += 2
  }
  return labels
}
