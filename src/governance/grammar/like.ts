/** A pattern of LIKE: `%` any text, `_` one character, a backslash before either (or itself) the character itself. */
export type LikePart = { kind: "anyText" } | { kind: "oneCharacter" } | { kind: "text"; text: string }

/** `undefined`: the pattern ends with a lone backslash, or escapes what needs no escape. */
export function readLike(pattern: string): LikePart[] | undefined {
  const parts: LikePart[] = []
  let text = ""
  const flush = () => {
    if (text !== "") parts.push({ kind: "text", text })
    text = ""
  }
  const characters = [...pattern]
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? ""
    if (character === "\\") {
      const next = characters[++at]
      if (next !== "%" && next !== "_" && next !== "\\") return undefined
      text += next
    } else if (character === "%" || character === "_") {
      flush()
      parts.push({ kind: character === "%" ? "anyText" : "oneCharacter" })
    } else text += character
  }
  flush()
  return parts
}

/** The same pattern with `!` as the escape character, which no engine reads in a way of its own. */
export function likeText(parts: readonly LikePart[]): string {
  return parts.map(partText).join("")
}

function partText(part: LikePart): string {
  switch (part.kind) {
    case "anyText":
      return "%"
    case "oneCharacter":
      return "_"
    case "text":
      return part.text.replace(/[!%_]/g, "!$&")
  }
}
