import { Ajv, type ErrorObject, type ValidateFunction } from "ajv"
import { type Json, type Model, type ResourceType, type Schema, valueAt } from "./resource-type.ts"

/** Mistakes told at once. */
const mistakesAtMost = 5
const messageAtMost = 1_500

/**
 * What is wrong with the properties of a resource by its type's schema; `undefined`: nothing. `model` is what somebody wants, so it has
 * no property that only the service sets.
 */
export function desiredMistake(type: ResourceType, model: Model): string | undefined {
  const ofService = type.readOnly.filter((path) => valueAt(model, path) !== undefined)
  if (ofService.length > 0) return `Only the service sets ${ofService.join(", ")}.`
  return schemaMistake(type, model)
}

/** As above, of a resource as it is. */
export function schemaMistake(type: ResourceType, model: Model): string | undefined {
  const validate = validatorOf(type)
  if (validate(model)) return undefined
  const told = (validate.errors ?? []).slice(0, mistakesAtMost).map(sentence)
  return `Model validation failed: ${told.join("; ")}`.slice(0, messageAtMost)
}

const validators = new WeakMap<ResourceType, ValidateFunction>()

/** Compiled when a type is first used: the types of a process are few, and each takes some ms. */
function validatorOf(type: ResourceType): ValidateFunction {
  const known = validators.get(type)
  if (known !== undefined) return known
  // The first mistake of a value ends its judgement, so that a length is judged before a pattern reads a long text.
  const compiled = new Ajv({ strict: false, allErrors: false, unicodeRegExp: false }).compile(schemaOf(type))
  validators.set(type, compiled)
  return compiled
}

function schemaOf({ properties, definitions, required }: ResourceType): Schema {
  const schemas = Object.entries(properties).map(([name, { schema }]) => [name, schema as Json])
  return {
    type: "object",
    additionalProperties: false,
    required: [...required],
    properties: Object.fromEntries(schemas),
    definitions: { ...definitions } as Json,
  }
}

/** As the cloud words it: `#: required key [TargetArn] not found`. */
function sentence({ instancePath, keyword, params, message }: ErrorObject): string {
  const place = `#${instancePath}`
  if (keyword === "required") return `${place}: required key [${params.missingProperty}] not found`
  if (keyword === "additionalProperties")
    return `${place}: extraneous key [${String(params.additionalProperty).slice(0, 200)}] is not permitted`
  if (keyword === "enum") return `${place}: must be one of ${(params.allowedValues ?? []).join(", ")}`
  return `${place}: ${message}`
}
