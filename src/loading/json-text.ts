/**
 * JSON taken apart as text, so that numbers keep every digit. All of it takes text that JSON.parse has accepted: what
 * is valid is not asked again.
 */
export function membersOf(object: string): Map<string, string> {
  const members = new Map<string, string>()
  for (let at = skipSpace(object, 1); object[at] === '"'; ) {
    const keyEnd = stringEnd(object, at)
    const key = JSON.parse(object.slice(at, keyEnd)) as string
    const start = skipSpace(object, skipSpace(object, keyEnd) + 1)
    const end = valueEnd(object, start)
    members.set(key, object.slice(start, end))
    at = skipSpace(object, skipSpace(object, end) + 1)
  }
  return members
}

export function elementsOf(array: string): string[] {
  const elements: string[] = []
  for (let at = skipSpace(array, 1); at < array.length && array[at] !== "]"; ) {
    const end = valueEnd(array, at)
    elements.push(array.slice(at, end))
    at = skipSpace(array, skipSpace(array, end) + 1)
  }
  return elements
}

/** A value as a column's text; null for JSON's null. */
export function textOf(raw: string): string | null {
  if (raw.startsWith('"')) return JSON.parse(raw) as string
  return raw === "null" ? null : raw
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (" \t\r\n".includes(text[at] ?? "x")) at++
  return at
}

function stringEnd(text: string, open: number): number {
  let at = open + 1
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1
  return at + 1
}

function valueEnd(text: string, start: number): number {
  const first = text[start]
  if (first === '"') return stringEnd(text, start)
  if (first !== "{" && first !== "[") {
    let at = start
    while (at < text.length && !",]} \t\r\n".includes(text[at] ?? "")) at++
    return at
  }
  let depth = 0
  for (let at = start; at < text.length; ) {
    const character = text[at]
    if (character === '"') {
      at = stringEnd(text, at)
      continue
    }
    if (character === "{" || character === "[") depth++
    at++
    if ((character === "}" || character === "]") && --depth === 0) return at
  }
  return text.length
}
