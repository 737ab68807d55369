import { z } from "zod"
import { textIn } from "../../../control-plane/governance/directory/directory-record.ts"
import {
  changeDirectoryUser,
  createDirectoryUser,
  type DirectoryUser,
  deleteDirectoryUser,
  foundUser,
  userOf,
} from "../../../control-plane/governance/directory/directory-users.ts"
import { searchPeople } from "../../../state/governance/people.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { bodyAs, idOf, reads } from "../resources/wire.ts"
import type { Route, RouteCall } from "../route.ts"
import {
  filterOf,
  idText,
  orderOf,
  patchShape,
  scimChanges,
  scimHead,
  scimList,
  scimPage,
  textMember,
} from "./scim.ts"

const resource = z.looseObject({ userName: z.string() })
const core = "urn:ietf:params:scim:schemas:core:2.0:User"

const orders = new Map([
  ["username", "username"],
  ["displayname", "name"],
  ["name.formatted", "name"],
  ["emails", "email"],
  ["emails.value", "email"],
  ["id", "createdAt"],
  ["meta.created", "createdAt"],
] as const)

function which(call: RouteCall): { iamId: string; id: number } {
  return { iamId: call.key.name, id: idOf(call, "id") }
}

export function scimUserRoutes(store: GovernanceStore): Route[] {
  return [
    reads(scimHead("ListDirectoryUsers", "GET", "Users"), async (call) => {
      const page = scimPage(call)
      const filter = filterOf(call, ["userName", "externalId", "id", "emails"])
      const { people, count } = await store.read((db) =>
        searchPeople(
          db,
          {
            iamIds: [call.key.name],
            includesDisabled: true,
            ...textMember(filter, "userName", "sameUserId"),
            ...textMember(filter, "externalId", "externalId"),
            ...textMember(filter, "emails", "directoryEmail"),
            ...(filter.has("id") && { id: idText(filter.get("id")) }),
          },
          { ...page, order: orderOf(call, orders, "createdAt") },
        ),
      )
      return scimList(
        people.map((person) => shown(userOf(person))),
        page,
        count,
      )
    }),
    reads(scimHead("GetDirectoryUser", "GET", "Users/{id}"), async (call) =>
      shown(await store.read((db) => foundUser(db, which(call)))),
    ),
    scimChanges(
      scimHead("CreateDirectoryUser", "POST", "Users"),
      (call) => createDirectoryUser(store, call.key.name, bodyAs(call, resource)),
      { shown, status: 201 },
    ),
    scimChanges(
      scimHead("ReplaceDirectoryUser", "PUT", "Users/{id}"),
      (call) => changeDirectoryUser(store, which(call), { resource: bodyAs(call, resource) }),
      { shown, status: 200 },
    ),
    scimChanges(
      scimHead("PatchDirectoryUser", "PATCH", "Users/{id}"),
      (call) => changeDirectoryUser(store, which(call), { operations: bodyAs(call, patchShape).Operations }),
      { shown, status: 200 },
    ),
    scimChanges(
      scimHead("DeleteDirectoryUser", "DELETE", "Users/{id}"),
      (call) => deleteDirectoryUser(store, which(call)),
      { shown: () => undefined, status: 204 },
    ),
  ]
}

/** (Fact: RFC 7643; the members that identity providers compare.) */
function shown({ person, record }: DirectoryUser): object {
  const email = textIn(record, "emails")
  return {
    schemas: [core],
    id: String(person.id),
    externalId: textIn(record, "externalId"),
    userName: person.userId,
    name: {
      formatted: textIn(record, "name.formatted"),
      givenName: textIn(record, "name.givenName"),
      familyName: textIn(record, "name.familyName"),
    },
    displayName: textIn(record, "displayName"),
    title: textIn(record, "title"),
    emails: email === undefined ? [] : [{ value: email, type: "work", primary: true }],
    active: !person.isDisabled,
    meta: { resourceType: "User", created: person.createdAt, lastModified: person.updatedAt },
  }
}
