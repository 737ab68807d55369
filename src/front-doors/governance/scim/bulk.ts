import { z } from "zod"
import type { AuditedChange } from "../../../domain/audit.ts"
import { Fault } from "../../../domain/faults.ts"
import { faultStatus } from "../answers.ts"
import { bodyAs } from "../resources/wire.ts"
import type { Route, RouteCall } from "../route.ts"
import { type RouteTable, routeTable } from "../route-table.ts"
import { scimHead } from "./scim.ts"
import { scimError } from "./scim-answers.ts"

export const mostBulkOperations = 1_000

/** (Fact: RFC 7644, section 3.7.) */
const bulkShape = z.object({
  failOnErrors: z.number().int().min(1).optional(),
  Operations: z
    .array(
      z.object({
        method: z.string(),
        path: z.string(),
        bulkId: z.string().optional(),
        data: z.unknown().optional(),
      }),
    )
    .max(mostBulkOperations),
})

type Operation = z.infer<typeof bulkShape>["Operations"][number]

interface Done {
  /** As the answer has it. */
  told: { method: string; bulkId?: string | undefined; location?: string; status: string; response?: object }
  isFailed: boolean
}

/** Many changes in one request, each by itself and in order; what an earlier one made is named `bulkId:…` by later ones. */
export function bulkRoute(routes: readonly Route[]): Route {
  const table = routeTable(routes.filter(({ method }) => method !== "GET"))
  return {
    ...scimHead("ChangeDirectoryInBulk", "POST", "Bulk"),
    audited: (call) => ({
      resource: `directory ${call.key.name}`,
      parameters: {
        operations: bodyAs(call, bulkShape).Operations.map(({ method, path }) => `${method} ${path}`),
      },
    }),
    async run(call) {
      const { failOnErrors = Number.POSITIVE_INFINITY, Operations } = bodyAs(call, bulkShape)
      const made = new Map<string, string>()
      const changes: AuditedChange[] = []
      const done: Done[] = []
      for (const operation of Operations) {
        if (done.filter(({ isFailed }) => isFailed).length >= failOnErrors) break
        done.push(await doOne({ table, call, made, changes }, operation))
      }
      call.tell({ before: members(changes, "before"), after: members(changes, "after") })
      const body = {
        schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
        Operations: done.map(({ told }) => told),
      }
      return { kind: "json", body }
    },
  }
}

interface Doing {
  table: RouteTable
  call: RouteCall
  made: Map<string, string>
  changes: AuditedChange[]
}

/** A refusal is the operation's own, and ends no other. */
async function doOne({ table, call, made, changes }: Doing, operation: Operation): Promise<Done> {
  const { method, bulkId } = operation
  try {
    const path = `/scim/v2${withIds(made, operation.path)}`
    const matched = table.match(method.toUpperCase(), path)
    if (!("route" in matched)) throw new Fault("validation", `There is no ${method} ${operation.path}.`)
    const body: unknown =
      operation.data === undefined
        ? undefined
        : JSON.parse(withIds(made, JSON.stringify(operation.data), jsonText))
    const { parameters, route } = matched
    const tell = (change: AuditedChange) => void changes.push(change)
    const answer = await route.run({ ...call, parameters, body, query: new URLSearchParams(), tell })
    const { status = 200, body: resource } = answer.kind === "json" ? answer : {}
    const id = idIn(resource) ?? parameters.get("id")
    if (bulkId !== undefined && id !== undefined) made.set(bulkId, id)
    const root = path.split("/").slice(0, 4).join("/")
    return {
      told: { method, bulkId, location: `${root}/${id ?? ""}`, status: String(status) },
      isFailed: false,
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const status = faultStatus[error.kind]
    return {
      told: { method, bulkId, status: String(status), response: scimError(status, error.message) },
      isFailed: true,
    }
  }
}

const jsonText = (id: string) => JSON.stringify(id).slice(1, -1)

/** @throws Fault conflictingOperation: an id that no earlier operation has made */
function withIds(made: ReadonlyMap<string, string>, text: string, form = (id: string) => id): string {
  return text.replaceAll(/bulkId:([\w.-]+)/g, (_, name: string) => {
    const id = made.get(name)
    if (id === undefined) throw new Fault("conflictingOperation", `No operation before has made ${name}.`)
    return form(id)
  })
}

function idIn(resource: unknown): string | undefined {
  const isOne = typeof resource === "object" && resource !== null && "id" in resource
  return isOne && typeof resource.id === "string" ? resource.id : undefined
}

function members(changes: readonly AuditedChange[], which: "before" | "after"): object | undefined {
  const told = changes.map((change) => change[which] ?? null)
  return told.every((one) => one === null) ? undefined : { changes: told }
}
