import { notFound } from "../../../control-plane/governance/changes.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { reads } from "../resources/wire.ts"
import { parameter, type Route } from "../route.ts"
import { bulkRoute, mostBulkOperations } from "./bulk.ts"
import { scimGroupRoutes } from "./group-routes.ts"
import { resourceTypes, scimSchemas } from "./schemas.ts"
import { scimHead, scimList } from "./scim.ts"
import { scimUserRoutes } from "./user-routes.ts"

/** All routes of SCIM 2.0. */
export function scimRoutes(store: GovernanceStore): Route[] {
  const changing = [...scimUserRoutes(store), ...scimGroupRoutes(store)]
  return [
    reads(scimHead("GetDirectoryService", "GET", "ServiceProviderConfig"), async () => serviceProvider),
    ...listed("ResourceTypes", ["ListDirectoryTypes", "GetDirectoryType"], resourceTypes),
    ...listed("Schemas", ["ListDirectorySchemas", "GetDirectorySchema"], scimSchemas),
    ...changing,
    bulkRoute(changing),
  ]
}

/** (Fact: RFC 7643, section 5.) */
const serviceProvider = {
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
  patch: { supported: true },
  bulk: { supported: true, maxOperations: mostBulkOperations, maxPayloadSize: 2 ** 20 },
  filter: { supported: true, maxResults: 1_000 },
  changePassword: { supported: false },
  sort: { supported: true },
  etag: { supported: false },
  authenticationSchemes: [
    {
      type: "oauthbearertoken",
      name: "API key",
      description: "Authorization: Bearer, with an API key that has the permission USER_ADMIN",
      primary: true,
    },
  ],
}

/** All of a kind, and each by its id. */
function listed(path: string, [list, get]: [string, string], all: () => { id: string }[]): Route[] {
  return [
    reads(scimHead(list, "GET", path), async () => {
      const resources = all()
      return scimList(resources, { offset: 0, size: resources.length }, resources.length)
    }),
    reads(scimHead(get, "GET", `${path}/{id}`), async (call) => {
      const id = parameter(call, "id")
      const found = all().find((one) => one.id === id)
      if (found === undefined) throw notFound("resource of the protocol", id)
      return found
    }),
  ]
}
