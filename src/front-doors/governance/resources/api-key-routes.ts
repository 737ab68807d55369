import { z } from "zod"
import { deriveApiKey, endApiKey } from "../../../control-plane/governance/api-keys.ts"
import { permissions } from "../../../domain/api-key.ts"
import type { ApiKeyStore } from "../../../state/governance/api-keys.ts"
import type { Route } from "../route.ts"
import { bodyAs, changes, idOf } from "./wire.ts"

const newKey = z.strictObject({
  name: z.string({ error: "is required" }),
  projectId: z.undefined({ error: "is not available: a key is for what its permissions allow" }).optional(),
  /** (Ours: fewer than the key that asks has.) */
  permissions: z.array(z.enum(permissions)).optional(),
})

/** Keys by keys. (Fact: paths, `name`, `projectId`, `apikey`, `keyid`, `revokedTokens`.) */
export function apiKeyRoutes(store: ApiKeyStore): Route[] {
  const admins = ["APPLICATION_ADMIN", "USER_ADMIN"] as const
  return [
    changes(
      { operation: "CreateApiKey", method: "POST", path: "/bim/apikey", permissions: admins },
      async (call) => await deriveApiKey(store, call.key, bodyAs(call, newKey)),
      ({ key, id, name }) => ({ apikey: key, keyid: id, name, context: "" }),
    ),
    changes(
      { operation: "RevokeApiKey", method: "DELETE", path: "/bim/apikey/{keyid}", permissions: [] },
      async (call) => await endApiKey(store, call.key, idOf(call, "keyid")),
      (revokedTokens) => ({ revokedTokens }),
    ),
  ]
}
