import type { Caller } from "../../control-plane/control-plane.ts"
import { requireAdmin, requireReader } from "../../control-plane/sql-users/roles.ts"
import { Fault } from "../../domain/faults.ts"
import type { NewObjectType, ObjectTypeRecord } from "../../state/profiles/records.ts"
import { type PageAsked, type PageFound, type ProfilePlane, pageFound, profileQuotas } from "./context.ts"
import { requireObjectType } from "./object-type-rules.ts"

/**
 * Makes an object type, or gives it these properties as a whole. Objects that are there stay as they are until they are put again.
 *
 * @throws Fault accessDenied, validation, resourceNotFound, quotaExceeded
 */
export async function putObjectType(
  { store }: ProfilePlane,
  caller: Caller,
  { domain, type }: { domain: string; type: NewObjectType },
): Promise<ObjectTypeRecord> {
  requireAdmin(caller, "change object types")
  await requireObjectType(type)
  return await store.change(domain, async ({ types }) => {
    const known = await types.all()
    if (known.length >= profileQuotas.objectTypesPerDomain && !known.some(({ name }) => name === type.name))
      throw new Fault(
        "quotaExceeded",
        `The domain has ${profileQuotas.objectTypesPerDomain} object types already.`,
      )
    return await types.put(type)
  })
}

/** @throws Fault accessDenied, resourceNotFound */
export async function getObjectType(
  { store }: ProfilePlane,
  caller: Caller,
  { domain, name }: { domain: string; name: string },
): Promise<ObjectTypeRecord> {
  requireReader(caller, "read customer profiles")
  const found = await (await store.read(domain)).types.find(name)
  if (found !== undefined) return found
  throw noType(domain, name)
}

/**
 * With its objects, their keys, and the values of profiles that they gave; a large type's go over the next seconds or minutes.
 *
 * @throws Fault accessDenied, resourceNotFound
 */
export async function deleteObjectType(
  plane: ProfilePlane,
  caller: Caller,
  { domain, name }: { domain: string; name: string },
): Promise<void> {
  requireAdmin(caller, "delete object types")
  await plane.store.change(domain, async ({ types }) => {
    if (!(await types.remove(name))) throw noType(domain, name)
  })
  plane.nudge()
}

/** In the order of their names. @throws Fault accessDenied, resourceNotFound */
export async function listObjectTypes(
  { store }: ProfilePlane,
  caller: Caller,
  { domain, after, limit }: PageAsked & { domain: string },
): Promise<PageFound<ObjectTypeRecord>> {
  requireReader(caller, "read customer profiles")
  const all = await (await store.read(domain)).types.all()
  const rest = all.filter(({ name }) => after === undefined || name > after)
  return pageFound(rest, limit, ({ name }) => name)
}

function noType(domain: string, name: string): Fault {
  return new Fault("resourceNotFound", `Domain ${domain} has no object type ${name}.`)
}
