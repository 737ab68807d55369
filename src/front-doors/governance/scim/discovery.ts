import type { GovernanceStore } from "../../../state/governance/store.ts"
import { reads } from "../resources/wire.ts"
import type { Route } from "../route.ts"
import { scimGroupRoutes } from "./group-routes.ts"
import { scimHead } from "./scim.ts"
import { scimUserRoutes } from "./user-routes.ts"

/** All routes of SCIM 2.0. */
export function scimRoutes(store: GovernanceStore): Route[] {
  return [
    reads(scimHead("GetDirectoryService", "GET", "ServiceProviderConfig"), async () => serviceProvider),
    reads(scimHead("ListDirectoryTypes", "GET", "ResourceTypes"), async () =>
      ["User", "Group"].map(resourceType),
    ),
    ...scimUserRoutes(store),
    ...scimGroupRoutes(store),
  ]
}

/** (Fact: RFC 7643, section 5.) */
const serviceProvider = {
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: 1_000 },
  changePassword: { supported: false },
  sort: { supported: false },
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

function resourceType(name: string): object {
  return {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
    id: name,
    name,
    endpoint: `/${name}s`,
    schema: `urn:ietf:params:scim:schemas:core:2.0:${name}`,
  }
}
