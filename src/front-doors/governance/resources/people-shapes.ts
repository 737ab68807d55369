import { z } from "zod"
import type { GroupDetail, Member } from "../../../control-plane/governance/people/groups.ts"
import type { PersonDetail, ProfileInput } from "../../../control-plane/governance/people/people.ts"
import type { Membership } from "../../../state/governance/groups.ts"
import type { PersonRecord } from "../../../state/governance/people.ts"
import { asMembers } from "./wire.ts"

const text = z.string().max(10_000)

/** Which account of an engine a person has. `redshiftUser` is the one that counts. (Fact: the names.) */
const externalUserIds = z.looseObject({ redshiftUser: z.string().nullish() })

/** (Fact: its members.) What is not known is refused by none of the public clients, and kept. */
export const profileShape = z.looseObject({
  name: text.nullish(),
  email: text.nullish(),
  phone: text.nullish(),
  about: text.nullish(),
  location: text.nullish(),
  organization: text.nullish(),
  position: text.nullish(),
  externalUserIds: externalUserIds.nullish(),
})

/** What says whose profile it is is not of the profile. */
const headMembers = new Set(["id", "iamid", "userid", "createdAt", "updatedAt", "systemGenerated"])

export function profileInput(given: z.infer<typeof profileShape>): ProfileInput {
  const members = Object.entries(given).filter(([name]) => !headMembers.has(name))
  return { profile: Object.fromEntries(members), account: accountOf(given) }
}

function accountOf({ externalUserIds: ids }: z.infer<typeof profileShape>): string | null | undefined {
  if (ids === undefined) return undefined
  const account = ids?.redshiftUser
  return account === undefined || account === null || account.trim() === "" ? null : account
}

/** (Fact: its members.) */
export function shownUser({ person, own, attributes, groups }: PersonDetail): object {
  return {
    id: person.id,
    iamid: person.iamId,
    userid: person.userId,
    bimAuthorizations: asMembers(own),
    iamAuthorizations: {},
    authorizations: asMembers(attributes),
    ...(person.currentProject !== undefined && { projectId: person.currentProject }),
    permissions: person.permissions,
    groupPermissions: [],
    profile: shownProfile(person),
    systemGenerated: false,
    disabled: person.isDisabled,
    hasLogin: false,
    groups: groups.map(({ id }) => id),
    createdAt: person.createdAt,
    updatedAt: person.updatedAt,
  }
}

/** Where the profile stands by its id only. (Fact) */
export function shownUserBriefly(detail: PersonDetail): object {
  const {
    profile: _profile,
    groups: _groups,
    groupPermissions: _permissions,
    ...rest
  } = {
    groups: undefined,
    groupPermissions: undefined,
    ...shownUser(detail),
  } as Record<string, unknown>
  return { ...rest, profile: detail.person.id }
}

/** (Fact: its members.) */
export function shownProfile(person: PersonRecord): object {
  return {
    id: person.id,
    iamid: person.iamId,
    userid: person.userId,
    externalUserIds: {},
    preferences: {},
    ...person.profile,
    scim: person.scim ?? {},
    systemGenerated: false,
    createdAt: person.createdAt,
    updatedAt: person.updatedAt,
  }
}

/** (Fact: its members.) */
export function shownGroup({ group, attributes }: GroupDetail): object {
  return {
    id: group.id,
    iamid: group.iamId,
    name: group.name,
    gid: group.gid ?? null,
    email: group.email ?? null,
    authorizations: asMembers(attributes),
    description: group.description ?? null,
    scim: group.scim ?? {},
    createdAt: group.createdAt,
    updatedAt: group.updatedAt,
  }
}

/** (Fact: its members.) */
export function shownMember({ membership, person }: Member): object {
  return {
    id: membership.id,
    group: membership.groupId,
    profile: shownProfile(person),
    uid: person.id,
    userid: person.userId,
    iamid: person.iamId,
    disabled: person.isDisabled,
    createdAt: membership.createdAt,
    updatedAt: membership.createdAt,
  }
}

export function shownMembership({ id, groupId, personId, createdAt }: Membership): object {
  return { id, group: groupId, profile: personId, createdAt, updatedAt: createdAt }
}
