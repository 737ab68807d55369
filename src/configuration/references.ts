import { ownValue } from "../domain/own-value.ts"
import { commandOutput, fileText, type Reading } from "./secrets/outside.ts"

/** A mistake and where it is: the keys and list places that lead to it. */
export interface PlacedMistake {
  path: (string | number)[]
  message: string
}

/** What references lead to. */
export interface ReferencePlaces {
  environment: Record<string, string | undefined>
  /** Absolute: what the paths of files start from, and where commands run. */
  folder: string
}

const reference = /\$(\$\{)|\$\{([^}]*)\}/g
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Puts what references lead to in their place, in every text of a parsed document (so that a value can never change the
 * document's structure): `${NAME}` an environment variable, `${file:PATH}` what a file holds, `${cmd:COMMAND}` what a
 * command prints. `$${` stands for `${` itself. A command that stands there several times runs once.
 */
export function fillIn(
  document: unknown,
  places: ReferencePlaces,
): { document: unknown; mistakes: PlacedMistake[] } {
  const mistakes: PlacedMistake[] = []
  const read = new Map<string, Reading>()
  const readOnce = (text: string): Reading => {
    const reading = read.get(text) ?? referred(text, places)
    read.set(text, reading)
    return reading
  }
  const fill = (value: unknown, path: (string | number)[]): unknown => {
    if (typeof value === "string") return fillText(value, path)
    if (Array.isArray(value)) return value.map((item, at) => fill(item, [...path, at]))
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, [...path, key])]))
  }
  const fillText = (text: string, path: (string | number)[]): string =>
    text.replace(reference, (whole, escaped: string | undefined, name = "") => {
      if (escaped !== undefined) return escaped
      const reading = readOnce(name)
      if ("text" in reading) return reading.text
      mistakes.push({ path, message: reading.mistake })
      return whole
    })
  return { document: fill(document, []), mistakes }
}

function referred(text: string, { environment, folder }: ReferencePlaces): Reading {
  if (text.startsWith("file:")) return fileText(text.slice("file:".length), folder)
  if (text.startsWith("cmd:")) return commandOutput(text.slice("cmd:".length), { environment, folder })
  if (!variableName.test(text)) return { mistake: notAReference }
  const value = ownValue(environment, text)
  return value === undefined ? { mistake: `the environment variable ${text} is not set` } : { text: value }
}

const notAReference =
  "dollar and braces must hold the name of an environment variable, file: and a path, or cmd: and a command (double the dollar to mean the characters)"
