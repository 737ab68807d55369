import type { ObjectTypeRecord } from "../../state/profiles/records.ts"
import type { Rejection } from "../ingest/outcome.ts"
import { bounded, keyValue } from "./comparable-values.ts"
import { type CompiledKey, type CompiledType, compileType } from "./compiled-type.ts"
import { mappingLibraries } from "./libraries.ts"
import { isSourceObject, type SourceObject, type SourceValue } from "./source-path.ts"

/** What a key may do. */
export interface KeyUse {
  /** `primary` before `secondary`; undefined: it finds no profile. */
  finds: "primary" | "secondary" | undefined
  stored: "always" | "never" | "withNewProfile"
}

export interface MappedKey extends KeyUse {
  name: string
  value: string
}

/** Fields of a standard object (`_order`, `_asset`, `_case`) that a record has values for. */
export interface StandardObject {
  kind: string
  fields: Record<string, string>
}

/** What an object says, by the rules of its type. */
export interface MappedObject {
  /** JSON text as it came. */
  text: string
  uniqueKey: string
  /** Values for the profile by path. */
  profileFields: Record<string, string>
  /** Values that only a profile made for this object gets. */
  inferredFields: Record<string, string>
  standardObjects: StandardObject[]
  /** In the order in which the type defines them. */
  keys: MappedKey[]
  /** What the object says of its own time. */
  sourceTime: Date | undefined
  /** Values by the names of the type's fields. */
  fieldTexts: ReadonlyMap<string, string>
}

/** As the service allows. */
const objectBytesAtMost = 256_000
const uniqueKeyCharacters = 255

export type Mapped = { ok: MappedObject } | { rejected: Rejection; uniqueKey: string | undefined }

/** Reads objects of one type. */
export async function objectMapper(type: ObjectTypeRecord): Promise<(text: string) => Mapped> {
  const compiled = compileType(await mappingLibraries(), type)
  return (text) => mapObject(compiled, text)
}

function mapObject(type: CompiledType, text: string): Mapped {
  if (Buffer.byteLength(text) > objectBytesAtMost)
    return rejected("tooLarge", `The object has more than ${objectBytesAtMost} bytes.`)
  const source = parsed(text)
  if (source === undefined) return rejected("notJson", "The object is not the text of a JSON object.")
  const values = type.read(source)
  if ("rejected" in values) return { rejected: values.rejected, uniqueKey: undefined }
  const uniqueKey = uniqueKeyOf(type, values.compared)
  if (uniqueKey === undefined)
    return rejected("noUniqueKey", `The object has no value for ${type.unique.fieldNames.join(", ")}.`)
  return {
    ok: {
      text,
      uniqueKey,
      ...values.targets,
      keys: type.keys.flatMap((key) => mappedKey(key, values.compared)),
      sourceTime: type.timeOf(values.texts),
      fieldTexts: values.texts,
    },
  }
}

function rejected(reason: Rejection["reason"], message: string): Mapped {
  return { rejected: { reason, message }, uniqueKey: undefined }
}

function parsed(text: string): SourceObject | undefined {
  try {
    const value = JSON.parse(text) as SourceValue
    return isSourceObject(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function uniqueKeyOf({ unique }: CompiledType, compared: ReadonlyMap<string, string>): string | undefined {
  const values = valuesOf(unique.fieldNames, compared)
  return values && bounded(keyValue(values), uniqueKeyCharacters)
}

/** Undefined: one is missing. */
function valuesOf(names: readonly string[], compared: ReadonlyMap<string, string>): string[] | undefined {
  const values = names.map((name) => compared.get(name))
  return values.every((value) => value !== undefined) ? values : undefined
}

function mappedKey(key: CompiledKey, compared: ReadonlyMap<string, string>): MappedKey[] {
  const values = valuesOf(key.fieldNames, compared)
  if (values === undefined) return []
  return [{ name: key.name, value: keyValue(values), finds: key.finds, stored: key.stored }]
}
