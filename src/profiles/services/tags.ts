import type { Caller } from "../../control-plane/control-plane.ts"
import { requireAdmin, requireReader } from "../../control-plane/sql-users/roles.ts"
import { Fault } from "../../domain/faults.ts"
import type { LockedDomain } from "../../state/profiles/profile-store.ts"
import type { ProfilePlane } from "./context.ts"

type Tags = Readonly<Record<string, string>>

const tagsAtMost = 50

/** What an ARN of the service names. */
interface Tagged {
  domain: string
  objectType: string | undefined
}

/** `arn:aws:profile:<region>:<account>:domains/<domain>` */
export function domainArn({ region, account }: ProfilePlane, domain: string): string {
  return `arn:aws:profile:${region}:${account}:domains/${domain}`
}

/** @throws Fault accessDenied, resourceNotFound */
export async function tagsOf(plane: ProfilePlane, caller: Caller, arn: string): Promise<Tags> {
  requireReader(caller, "read customer profiles")
  const { domain, objectType } = taggedBy(plane, arn)
  const contents = await plane.store.read(domain)
  if (objectType === undefined) return contents.domain.tags
  const type = await contents.types.find(objectType)
  if (type === undefined) throw notFound(arn)
  return type.tags
}

/** @param change from the tags before to those after @throws Fault accessDenied, resourceNotFound, tagLimitExceeded */
export async function changeTags(
  plane: ProfilePlane,
  caller: Caller,
  { arn, change }: { arn: string; change: (tags: Tags) => Tags },
): Promise<void> {
  requireAdmin(caller, "change tags")
  const { domain, objectType } = taggedBy(plane, arn)
  await plane.store.change(domain, async (locked) => {
    if (objectType !== undefined) return await changeOfType(locked, { arn, objectType, change })
    await locked.settings.replace({ ...locked.domain, tags: limited(change(locked.domain.tags)) })
  })
}

async function changeOfType(
  { types }: LockedDomain,
  { arn, objectType, change }: { arn: string; objectType: string; change: (tags: Tags) => Tags },
): Promise<void> {
  const type = await types.find(objectType)
  if (type === undefined) throw notFound(arn)
  await types.put({ ...type, tags: limited(change(type.tags)) })
}

function limited(tags: Tags): Tags {
  if (Object.keys(tags).length <= tagsAtMost) return tags
  throw new Fault("tagLimitExceeded", `A resource has at most ${tagsAtMost} tags.`)
}

/** @throws Fault resourceNotFound */
function taggedBy(plane: ProfilePlane, arn: string): Tagged {
  const prefix = domainArn(plane, "")
  const [domain = "", kind, objectType, ...more] = arn.startsWith(prefix)
    ? arn.slice(prefix.length).split("/")
    : []
  if (domain !== "" && kind === undefined) return { domain, objectType: undefined }
  if (domain !== "" && kind === "object-types" && objectType && more.length === 0)
    return { domain, objectType }
  throw notFound(arn)
}

function notFound(arn: string): Fault {
  return new Fault("resourceNotFound", `There is no resource ${arn}.`)
}
