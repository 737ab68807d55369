import type { Caller } from "../../../control-plane/control-plane.ts"
import { columnKey, propertyOf } from "../../../resources/columns.ts"
import { ResourceFault } from "../../../resources/faults.ts"
import { identifierText } from "../../../resources/identifier.ts"
import { isEqual } from "../../../resources/patch.ts"
import type { ResourcePlane } from "../../../resources/requests/context.ts"
import { everyResource, getResource, resourcesAtMost } from "../../../resources/requests/reads.ts"
import type { Model, ResourceType } from "../../../resources/resource-type.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"

/**
 * The identifier of the resource that is there with the same values of the target's columns; undefined: there is none. Without a target:
 * those of the identifier.
 *
 * @throws PgError 42P10 where values are missing, 42703
 */
export async function existing(
  { plane, caller }: { plane: ResourcePlane; caller: Caller },
  { type, desired, target }: { type: ResourceType; desired: Model; target: string[] | undefined },
): Promise<string | undefined> {
  const names = target?.map((column) => propertyNamed(type, column)) ?? type.primaryIdentifier
  const missing = names.filter((name) => desired[name] === undefined)
  if (missing.length > 0)
    throw new PgError("42P10", `awscc.${type.table} needs values for: ${missing.join(", ")}`, {
      hint: "ON CONFLICT (columns) looks for a resource with the same values of these columns.",
    })
  const { typeName } = type
  if (type.primaryIdentifier.every((name) => names.includes(name)))
    return await identifierIfThere(plane, caller, { typeName, identifier: identifierText(type, desired) })
  const found = await everyResource(plane, caller, { typeName, resourceModel: JSON.stringify(desired) })
  if (found === "tooMany")
    throw new PgError("54000", `awscc.${type.table} has more than ${resourcesAtMost} resources`)
  return found.find(({ properties }) => names.every((name) => isEqual(properties[name], desired[name])))
    ?.identifier
}

function propertyNamed(type: ResourceType, column: string): string {
  if (column === "identifier" || columnKey(column) === "region")
    throw new PgError("42P10", "ON CONFLICT names properties")
  const property = propertyOf(type, column)
  if (property === undefined)
    throw new PgError("42703", `column "${column}" of relation "awscc.${type.table}" does not exist`)
  return property
}

async function identifierIfThere(
  plane: ResourcePlane,
  caller: Caller,
  named: { typeName: string; identifier: string },
): Promise<string | undefined> {
  try {
    return (await getResource(plane, caller, named)).identifier
  } catch (error) {
    if (error instanceof ResourceFault && error.kind === "notFound") return undefined
    throw error
  }
}
