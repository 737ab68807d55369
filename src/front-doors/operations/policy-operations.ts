import { z } from "zod"
import { explainPolicies } from "../../control-plane/governance/policies/explain-policy.ts"
import { requireAdmin } from "../../control-plane/sql-users/roles.ts"
import { bodyOf } from "./operation-body.ts"
import type { Operation } from "./operations.ts"

const name = z.string().min(1).max(1_000)
const explainBody = z.strictObject({
  user: name,
  source: name,
  row: z.record(z.string(), z.unknown()).optional(),
})

/** Policies, for whoever administers this Millrace. */
export const policyOperations: readonly Operation[] = [
  {
    name: "ExplainPolicy",
    method: "POST",
    path: "/policies/explain",
    body: explainBody,
    changes: false,
    readers: "admins",
    async run({ store }, caller, _, body) {
      requireAdmin(caller, "see what policies show somebody")
      const { user, source, row } = bodyOf(explainBody, body)
      const { person, explanation, ...told } = await explainPolicies(store.governance, {
        source: { name: source },
        person: { kind: "named", name: user },
        tried: [],
        row,
      })
      const { table, columns } = told.source
      return {
        user: person && { iamid: person.iamId, userid: person.userId, account: person.warehouseUser },
        table,
        columnNames: columns.map((column) => column.name),
        ...explanation,
        ...(told.row !== undefined && { row: told.row }),
      }
    },
  },
]
