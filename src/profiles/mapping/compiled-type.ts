import type { ContentType, ObjectField, ObjectKey, ObjectTypeRecord } from "../../state/profiles/records.ts"
import type { Rejection } from "../ingest/outcome.ts"
import { comparable } from "./comparable-values.ts"
import type { MappingLibraries } from "./libraries.ts"
import type { KeyUse, MappedObject } from "./map-object.ts"
import { readerOf, type ValueReader } from "./source-expression.ts"
import type { SourceObject } from "./source-path.ts"
import { targetOf } from "./targets.ts"
import { timeReader } from "./timestamps.ts"

export interface CompiledKey extends KeyUse {
  name: string
  fieldNames: readonly string[]
}

/** Values of one object by the name of the field. */
export interface ReadValues {
  texts: ReadonlyMap<string, string>
  /** In their comparable forms. */
  compared: ReadonlyMap<string, string>
  targets: Pick<MappedObject, "profileFields" | "inferredFields" | "standardObjects">
}

/** An object type, ready to read objects. */
export interface CompiledType {
  unique: ObjectKey
  keys: readonly CompiledKey[]
  read(source: SourceObject): ReadValues | { rejected: Rejection }
  timeOf(texts: ReadonlyMap<string, string>): Date | undefined
}

interface CompiledField {
  name: string
  read: ValueReader
  target: ReturnType<typeof targetOf>
  /** The value's path in a profile that is made for an object of a type without targets. */
  inferredPath: string | undefined
  compare(text: string): string
}

/** What fills a profile that is made for an object of a type without targets. */
const inferredTargets: Partial<Record<ContentType, string>> = {
  EMAIL_ADDRESS: "EmailAddress",
  PHONE_NUMBER: "PhoneNumber",
}

const noUnique: ObjectKey = { fieldNames: [], standardIdentifiers: ["UNIQUE"] }

/** @throws TemplateError: a source is no template that can be used */
export function compileType(libraries: MappingLibraries, type: ObjectTypeRecord): CompiledType {
  const hasTargets = Object.values(type.fields).some(({ target }) => target !== undefined)
  const fields = Object.entries(type.fields)
    .map(([name, field]) => compileField(libraries, name, field))
    .map((field) => (hasTargets ? { ...field, inferredPath: undefined } : field))
  const definitions = Object.entries(type.keys).flatMap(([name, keys]) =>
    keys.map((key) => ({ name, ...key })),
  )
  return {
    unique: definitions.find(({ standardIdentifiers }) => standardIdentifiers.includes("UNIQUE")) ?? noUnique,
    keys: definitions.map((key) => ({
      name: key.name,
      fieldNames: key.fieldNames,
      ...useOf(key.standardIdentifiers),
    })),
    read: (source) => readValues(fields, source),
    timeOf: timeReader(type.timestampFormat),
  }
}

/** (Source: StandardIdentifier of the customer-profiles service model.) */
function useOf(identifiers: readonly string[]): KeyUse {
  const findsAny = identifiers.includes("PROFILE") || identifiers.includes("SECONDARY")
  return {
    finds: findsAny ? (identifiers.includes("SECONDARY") ? "secondary" : "primary") : undefined,
    stored: identifiers.includes("LOOKUP_ONLY")
      ? "never"
      : identifiers.includes("NEW_ONLY")
        ? "withNewProfile"
        : "always",
  }
}

function compileField(
  libraries: MappingLibraries,
  name: string,
  { source, target, contentType = "STRING" }: ObjectField,
): CompiledField {
  return {
    name,
    read: readerOf(libraries.handlebars, source ?? `_source.${name}`),
    target: target === undefined ? undefined : targetOf(target),
    inferredPath: inferredTargets[contentType],
    compare: (text) => comparable(libraries, text, contentType),
  }
}

function readValues(
  fields: readonly CompiledField[],
  source: SourceObject,
): ReadValues | { rejected: Rejection } {
  const texts = new Map<string, string>()
  const compared = new Map<string, string>()
  const targets: ReadValues["targets"] = { profileFields: {}, inferredFields: {}, standardObjects: [] }
  for (const field of fields) {
    const read = field.read(source)
    if (read === undefined) continue
    const refusal =
      "failed" in read ? refused(field, "mappingFailed", read.failed) : mistakeOf(field, read.text)
    if (refusal !== undefined) return { rejected: refusal }
    if (!("text" in read)) continue
    texts.set(field.name, read.text)
    compared.set(field.name, field.compare(read.text))
    put(targets, field, read.text)
  }
  return { texts, compared, targets }
}

function put(targets: ReadValues["targets"], { target, inferredPath }: CompiledField, text: string): void {
  if (inferredPath !== undefined) targets.inferredFields[inferredPath] ??= text
  if (target === undefined) return
  if (target.kind === "profile") {
    targets.profileFields[target.path] = text
    return
  }
  const known = targets.standardObjects.find(({ kind }) => kind === target.object)
  if (known !== undefined) known.fields[target.path] = text
  else targets.standardObjects.push({ kind: target.object, fields: { [target.path]: text } })
}

function mistakeOf({ name, target }: CompiledField, text: string): Rejection | undefined {
  if (!text.isWellFormed() || text.includes("\0"))
    return { reason: "unusableValue", message: `The value of ${name} is no text in UTF-8.` }
  if (target !== undefined && text.length > target.charactersAtMost)
    return {
      reason: "unusableValue",
      message: `The value of ${name} has more than ${target.charactersAtMost} characters.`,
    }
  return undefined
}

function refused({ name }: CompiledField, reason: Rejection["reason"], why: string): Rejection {
  return { reason, message: `The source of ${name} could not be read: ${why}` }
}
