import type { Caller } from "../../control-plane/control-plane.ts"
import { requireAdmin, requireReader } from "../../control-plane/sql-users/roles.ts"
import { Fault } from "../../domain/faults.ts"
import type { DomainRecord, DomainSettings } from "../../state/profiles/records.ts"
import { type PageAsked, type PageFound, type ProfilePlane, pageFound, profileQuotas } from "./context.ts"
import { checkMatching, requireChangeable } from "./matching-settings.ts"

/** Settings by the record's names; undefined: left as it is. */
export type DomainChange = { [Name in keyof DomainSettings]?: DomainSettings[Name] | undefined }

const nothingSet: Omit<DomainSettings, "defaultExpirationDays"> = {
  defaultEncryptionKey: undefined,
  deadLetterQueueUrl: undefined,
  matching: undefined,
  ruleBasedMatching: undefined,
  dataStore: undefined,
  tags: {},
}

/** @throws Fault accessDenied; validation: there is one; quotaExceeded */
export async function createDomain(
  { store }: ProfilePlane,
  caller: Caller,
  { name, settings }: { name: string; settings: DomainChange & { defaultExpirationDays: number } },
): Promise<DomainRecord> {
  requireAdmin(caller, "create domains of customer profiles")
  checkMatching(settings)
  if ((await store.domains.count()) >= profileQuotas.domains)
    throw new Fault("quotaExceeded", `There are ${profileQuotas.domains} domains already.`)
  const added = await store.domains.add(name, withChange(nothingSet, settings))
  if (added !== undefined) return added
  throw new Fault("validation", `Domain ${name} already exists`)
}

/** @throws Fault accessDenied, resourceNotFound */
export async function getDomain(
  { store }: ProfilePlane,
  caller: Caller,
  name: string,
): Promise<DomainRecord> {
  requireReader(caller, "read customer profiles")
  return (await store.read(name)).domain
}

/** Changes what is given. An empty text takes away. @throws Fault accessDenied, resourceNotFound */
export async function updateDomain(
  plane: ProfilePlane,
  caller: Caller,
  { name, change }: { name: string; change: DomainChange },
): Promise<DomainRecord> {
  requireAdmin(caller, "change domains of customer profiles")
  checkMatching(change)
  return await plane.store.change(name, async (locked) => {
    await requireChangeable(plane, locked.domain, change.ruleBasedMatching)
    const settings = withChange(locked.domain, change)
    return await locked.settings.replace({
      ...settings,
      defaultEncryptionKey: settings.defaultEncryptionKey || undefined,
      deadLetterQueueUrl: settings.deadLetterQueueUrl || undefined,
    })
  })
}

/** Sets all that can be set; the same again changes nothing. @throws Fault accessDenied, resourceNotFound, validation */
export async function replaceDomain(
  plane: ProfilePlane,
  caller: Caller,
  { name, settings }: { name: string; settings: DomainSettings },
): Promise<void> {
  requireAdmin(caller, "change domains of customer profiles")
  checkMatching(settings)
  await plane.store.change(name, async (locked) => {
    await requireChangeable(plane, locked.domain, settings.ruleBasedMatching)
    await locked.settings.replace(settings)
  })
}

function withChange<T extends object>(before: T, change: DomainChange): T & DomainSettings {
  const given = Object.entries(change).filter(([, value]) => value !== undefined)
  return { ...before, ...Object.fromEntries(given) } as T & DomainSettings
}

/** With all its object types, profiles and objects. @throws Fault accessDenied, resourceNotFound */
export async function deleteDomain(plane: ProfilePlane, caller: Caller, name: string): Promise<void> {
  requireAdmin(caller, "delete domains of customer profiles")
  if (!(await plane.store.domains.remove(name)))
    throw new Fault("resourceNotFound", `Domain ${name} does not exist.`)
  plane.nudge()
}

/** In the order of their names. @throws Fault accessDenied */
export async function listDomains(
  { store }: ProfilePlane,
  caller: Caller,
  { after, limit }: PageAsked,
): Promise<PageFound<DomainRecord>> {
  requireReader(caller, "read customer profiles")
  const found = await store.domains.list({ after, limit: limit + 1 })
  return pageFound(found, limit, ({ name }) => name)
}
