import { ownValue } from "../domain/own-value.ts"

/** A mistake and where it is: the keys and list places that lead to it. */
export interface PlacedMistake {
  path: (string | number)[]
  message: string
}

const variable = /\$(\$\{)|\$\{([^}]*)\}/g

/**
 * Puts environment variables in place of `${NAME}` in every text of a parsed document (so that a value can never
 * change the document's structure); `$${` stands for `${` itself.
 */
export function fillIn(
  document: unknown,
  environment: Record<string, string | undefined>,
): { document: unknown; mistakes: PlacedMistake[] } {
  const mistakes: PlacedMistake[] = []
  const fill = (value: unknown, path: (string | number)[]): unknown => {
    if (typeof value === "string") return fillText(value, path)
    if (Array.isArray(value)) return value.map((item, at) => fill(item, [...path, at]))
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, [...path, key])]))
  }
  const fillText = (text: string, path: (string | number)[]): string =>
    text.replace(variable, (whole, escaped: string | undefined, name: string | undefined) => {
      if (escaped !== undefined) return escaped
      const value = name === undefined ? undefined : ownValue(environment, name)
      if (value !== undefined) return value
      mistakes.push({ path, message: variableMistake(name ?? "") })
      return whole
    })
  return { document: fill(document, []), mistakes }
}

function variableMistake(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? `the environment variable ${name} is not set`
    : "dollar and braces must hold the name of an environment variable (double the dollar to mean the characters)"
}
