/** How an array's elements become JSON. */
export type ElementForm = "number" | "boolean" | "json" | "text"

/**
 * PostgreSQL's text form of an array (`{1,NULL,"a b"}`, nested for more dimensions, perhaps behind bounds as in
 * `[0:1]={…}`) as JSON. Bounds other than 1 are dropped, as the server's own conversion to JSON does.
 */
export function arrayToJson(text: string, form: ElementForm, delimiter: string): string {
  let at = text.startsWith("[") ? text.indexOf("=") + 1 : 0
  let json = ""
  while (at < text.length) {
    const character = text[at] as string
    if (character === "{" || character === "}" || character === delimiter) {
      json += character === "{" ? "[" : character === "}" ? "]" : ","
      at++
    } else if (character === '"') {
      const { value, next } = quoted(text, at)
      json += element(value, form)
      at = next
    } else {
      const next = endOfBare(text, at, delimiter)
      const value = text.slice(at, next)
      json += value === "NULL" ? "null" : element(value, form)
      at = next
    }
  }
  return json
}

function quoted(text: string, start: number): { value: string; next: number } {
  let value = ""
  let at = start + 1
  while (text[at] !== '"') {
    if (at >= text.length) throw new Error("unterminated quote in an array")
    if (text[at] === "\\") at++
    value += text[at++]
  }
  return { value, next: at + 1 }
}

function endOfBare(text: string, start: number, delimiter: string): number {
  let at = start
  while (at < text.length && text[at] !== delimiter && text[at] !== "}") at++
  return at
}

function element(value: string, form: ElementForm): string {
  switch (form) {
    case "number":
      // NaN and the infinities have no number in JSON.
      return /^-?[0-9]/.test(value) ? value : JSON.stringify(value)
    case "boolean":
      return value === "t" ? "true" : "false"
    case "json":
      return value
    case "text":
      return JSON.stringify(value)
  }
}
