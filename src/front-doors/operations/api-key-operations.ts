import { z } from "zod"
import { createApiKey, listApiKeys, revokeApiKey } from "../../control-plane/governance/api-keys.ts"
import { permissions } from "../../domain/api-key.ts"
import { bodyOf } from "./operation-body.ts"
import type { Operation } from "./operations.ts"

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/, {
  error: "must be 1 to 63 letters, digits, ., _, @ or -, and begin with a letter or digit",
})
const createBody = z.strictObject({
  name,
  permissions: z.array(z.enum(permissions, { error: `must be of ${permissions.join(", ")}` })).min(1),
})
const revokeBody = z.strictObject({ name })

/** Keys of the governance API, for whoever administers this Millrace. */
export const apiKeyOperations: readonly Operation[] = [
  {
    name: "CreateApiKey",
    method: "POST",
    path: "/api-keys",
    body: createBody,
    changes: true,
    run: ({ store }, caller, _, body) => createApiKey(store.apiKeys, caller, bodyOf(createBody, body)),
  },
  {
    name: "ListApiKeys",
    method: "GET",
    path: "/api-keys",
    changes: false,
    readers: "admins",
    run: ({ store }, caller) => listApiKeys(store.apiKeys, caller),
  },
  {
    name: "RevokeApiKey",
    method: "POST",
    path: "/api-keys/revoke",
    body: revokeBody,
    changes: true,
    run: ({ store }, caller, _, body) => revokeApiKey(store.apiKeys, caller, bodyOf(revokeBody, body).name),
  },
]
