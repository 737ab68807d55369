import { ResourceFault } from "./faults.ts"
import { isModel, parseJson } from "./json-text.ts"
import type { Json, Model, ResourceType } from "./resource-type.ts"

/** The text of a primary identifier: its values in order, with `|` between them. */
export function identifierText({ primaryIdentifier }: ResourceType, model: Model): string {
  return primaryIdentifier.map((name) => textOf(model[name])).join("|")
}

/**
 * The properties that an identifier names, from its text or from a JSON object of them. The last value may hold `|` itself, the
 * others cannot: a URI stands last in every type that has one.
 *
 * @throws ResourceFault invalidRequest
 */
export function readIdentifier(type: ResourceType, text: string): Model {
  return text.trimStart().startsWith("{") ? fromObject(type, text) : fromText(type, text)
}

function fromText(type: ResourceType, text: string): Model {
  const { primaryIdentifier } = type
  const parts = text.split("|")
  const values = [
    ...parts.slice(0, primaryIdentifier.length - 1),
    parts.slice(primaryIdentifier.length - 1).join("|"),
  ]
  if (parts.length < primaryIdentifier.length || values.some((value) => value === "")) throw malformed(type)
  return Object.fromEntries(primaryIdentifier.map((name, at) => [name, values[at] ?? ""]))
}

function fromObject(type: ResourceType, text: string): Model {
  const { primaryIdentifier } = type
  const given = parseJson(text, "Identifier")
  if (!isModel(given) || Object.keys(given).length !== primaryIdentifier.length) throw malformed(type)
  const isNamed = (name: string) => Object.hasOwn(given, name) && textOf(given[name]) !== ""
  if (!primaryIdentifier.every(isNamed)) throw malformed(type)
  return given
}

function malformed({ typeName, primaryIdentifier }: ResourceType): ResourceFault {
  const form = primaryIdentifier.join("|")
  return new ResourceFault("invalidRequest", `Identifier of ${typeName} must have the form ${form}.`)
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : ""
}
