import { Fault } from "../../domain/faults.ts"
import { contentTypes, type NewObjectType, type ObjectKey } from "../../state/profiles/records.ts"
import { compileType } from "../mapping/compiled-type.ts"
import { mappingLibraries } from "../mapping/libraries.ts"
import { targetOf } from "../mapping/targets.ts"
import { TemplateError } from "../mapping/template.ts"
import { profileQuotas } from "./context.ts"

/**
 * Checks an object type as a whole.
 *
 * @throws Fault validation
 */
export async function requireObjectType(type: NewObjectType): Promise<void> {
  const mistake = mistakeOf(type)
  if (mistake !== undefined) throw new Fault("validation", mistake)
  try {
    compileType(await mappingLibraries(), {
      ...type,
      number: 0,
      createdAt: new Date(),
      updatedAt: new Date(),
    })
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new Fault("validation", `A Source of ${type.name} cannot be used: ${error.message}.`)
  }
}

function mistakeOf(type: NewObjectType): string | undefined {
  if (type.name.startsWith("_"))
    return `ObjectTypeName ${type.name} begins with _, which is reserved for standard objects.`
  if (type.templateId !== undefined)
    return "TemplateId is not available in this version of Millrace: give the Fields and Keys of the type."
  return fieldMistake(type) ?? keyMistake(type)
}

function fieldMistake({ fields }: NewObjectType): string | undefined {
  const names = Object.entries(fields)
  if (names.length > profileQuotas.fieldsPerObjectType)
    return `There are ${names.length} Fields; at most ${profileQuotas.fieldsPerObjectType} are allowed.`
  for (const [name, { target, contentType }] of names) {
    if (target !== undefined && targetOf(target) === undefined)
      return `The Target ${target} of field ${name} is no field of _profile or of a standard object.`
    if (contentType !== undefined && !contentTypes.includes(contentType))
      return `The ContentType of field ${name} must be one of ${contentTypes.join(", ")}.`
  }
  return undefined
}

function keyMistake({ fields, keys }: NewObjectType): string | undefined {
  const definitions = Object.entries(keys).flatMap(([name, list]) => list.map((key) => ({ name, ...key })))
  if (Object.keys(keys).length > profileQuotas.keysPerObjectType)
    return `There are ${Object.keys(keys).length} Keys; at most ${profileQuotas.keysPerObjectType} are allowed.`
  if (definitions.length === 0 && Object.keys(fields).length === 0) return undefined
  for (const key of definitions) {
    const missing = key.fieldNames.find((name) => !Object.hasOwn(fields, name))
    if (missing !== undefined)
      return `Key ${key.name} names the field ${missing}, which is not among the Fields.`
    if (key.fieldNames.length === 0) return `Key ${key.name} names no field.`
    const wrong = identifierMistake(key)
    if (wrong !== undefined) return `Key ${key.name} ${wrong}.`
  }
  const unique = definitions.filter((key) => key.standardIdentifiers.includes("UNIQUE"))
  if (unique.length !== 1) return `Exactly one key must be UNIQUE; there are ${unique.length}.`
  return lookupMistake(definitions)
}

function identifierMistake({ standardIdentifiers }: ObjectKey): string | undefined {
  const has = (one: string) => standardIdentifiers.includes(one)
  if (has("UNIQUE") && has("LOOKUP_ONLY")) return "is UNIQUE and LOOKUP_ONLY, which exclude one another"
  if (has("SECONDARY") && !has("PROFILE")) return "is SECONDARY without PROFILE"
  return undefined
}

/** A profile that was found once must be found again by a key that is stored. */
function lookupMistake(definitions: readonly (ObjectKey & { name: string })[]): string | undefined {
  const finding = definitions.filter(({ standardIdentifiers }) => standardIdentifiers.includes("PROFILE"))
  const lookups = finding.filter(
    ({ name, standardIdentifiers }) => standardIdentifiers.includes("LOOKUP_ONLY") && name !== "_profileId",
  )
  const stored = finding.some(({ standardIdentifiers }) => !standardIdentifiers.includes("LOOKUP_ONLY"))
  const [first] = lookups
  if (first === undefined || stored) return undefined
  return `Key ${first.name} is PROFILE and LOOKUP_ONLY: another PROFILE key must be stored.`
}
