import { z } from "zod"
import {
  createPurpose,
  deletePurpose,
  getPurpose,
  listPurposes,
  putPurpose,
  updatePurpose,
} from "../../../control-plane/governance/access/purposes.ts"
import type { PurposeRecord } from "../../../state/governance/purposes.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Route } from "../route.ts"
import { bodyAs, changes, choice, idOf, pageOf, type RouteHead, reads, textOf } from "./wire.ts"

const fields = z.object({
  acknowledgement: z.string().optional(),
  description: z.string().optional(),
  displayAcknowledgement: z.boolean().optional(),
})
const newPurpose = fields.extend({ name: z.string() })
const purposePatch = fields.extend({ name: z.string().optional(), reAcknowledge: z.boolean().optional() })

const one = "/governance/purpose/{purposeId}"

function head(operation: string, method: Route["method"], path: string): RouteHead {
  return { operation, method, path, permissions: ["GOVERNANCE"] }
}

function fieldsOf({ displayAcknowledgement, ...rest }: z.infer<typeof purposePatch>) {
  return { ...rest, showsAcknowledgement: displayAcknowledgement }
}

/** Purposes; a dot in a name puts it below another. (Fact: paths and members.) */
export function purposeRoutes(store: GovernanceStore): Route[] {
  return [
    reads(
      { operation: "ListPurposes", method: "GET", path: "/governance/purpose", permissions: [] },
      async (call) => {
        const { purposes, count } = await listPurposes(
          store,
          { ...textOf(call.query, "searchText", "text"), ...textOf(call.query, "root", "root") },
          {
            ...pageOf(call, { usual: 50, most: 1_000 }),
            order: choice(call.query, "sortField", ["name", "updatedAt", "createdAt"]),
          },
        )
        return { count, purposes: purposes.map((purpose) => shownPurpose(purpose)) }
      },
    ),
    reads({ operation: "GetPurpose", method: "GET", path: one, permissions: [] }, async (call) => {
      const { purpose, below } = await getPurpose(store, idOf(call, "purposeId"))
      return shownPurpose(purpose, below)
    }),
    changes(
      head("CreatePurpose", "POST", "/governance/purpose"),
      (call) => {
        const { name, acknowledgement, description, displayAcknowledgement = true } = bodyAs(call, newPurpose)
        const showsAcknowledgement = displayAcknowledgement
        return createPurpose(store, call.key, { name, acknowledgement, description, showsAcknowledgement })
      },
      (purpose) => shownPurpose(purpose),
    ),
    changes(
      head("UpdatePurpose", "PUT", one),
      (call) => {
        const { reAcknowledge, ...patch } = bodyAs(call, purposePatch)
        return updatePurpose(store, idOf(call, "purposeId"), {
          patch: fieldsOf(patch),
          reAcknowledge: reAcknowledge === true,
        })
      },
      (purpose) => shownPurpose(purpose),
    ),
    changes(
      head("DeletePurpose", "DELETE", one),
      (call) => deletePurpose(store, idOf(call, "purposeId")),
      (purpose) => [shownPurpose(purpose)],
    ),
    changes(
      head("PutPurpose", "POST", "/api/v2/purpose"),
      (call) => {
        const given = bodyAs(call, newPurpose)
        return putPurpose(store, call.key, { ...fieldsOf(given), name: given.name })
      },
      ({ purpose, isNew }) => ({ dryRun: false, creating: isNew, updating: !isNew, purposeId: purpose.id }),
    ),
  ]
}

/** (Fact: its members.) */
export function shownPurpose(purpose: PurposeRecord, below?: readonly string[]): object {
  return {
    id: purpose.id,
    name: purpose.name,
    acknowledgement: purpose.acknowledgement ?? null,
    description: purpose.description ?? null,
    displayAcknowledgement: purpose.showsAcknowledgement,
    deleted: false,
    ...(below !== undefined && { subpurposes: below }),
    policyMetadata: {},
    staged: false,
    createdAt: purpose.createdAt,
    updatedAt: purpose.updatedAt,
  }
}
