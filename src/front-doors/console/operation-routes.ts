import type { z } from "zod"
import type { ConsoleRole } from "../../domain/console/roles.ts"
import type { SignedCall } from "../door.ts"
import type { Route } from "./route.ts"

/** An operation of the operations door, as the console shows it. */
export interface ShownOperation {
  name: string
  method: "GET" | "POST"
  /** `{integration}` stands for an id, an ARN or a name. */
  path: string
  changes: boolean
  /** Of one that changes nothing; absent: viewers too. */
  readers?: "admins"
  body?: z.ZodType
}

/** The operations door's operations, which another room has. */
export interface OperationAnswers {
  list: readonly ShownOperation[]
  /** With its entry in the audit trail, as of `door`. @throws Fault */
  run(operation: ShownOperation, identifier: string, call: SignedCall, door: string): Promise<object>
}

/** What a person may do who keeps replication running and sets nothing up. */
const operatorsToo = new Set(["Resync", "Verify"])
/** Events of buckets come from buckets, not from people. */
const notHere = new Set(["PostEvents"])

export function leastRole({ name, changes, readers }: ShownOperation): ConsoleRole {
  if (!changes) return readers === "admins" ? "admin" : "viewer"
  return operatorsToo.has(name) ? "operator" : "admin"
}

/** The same operations, with the same bodies, below `/console/api`. Their audit entries are the operations' own. */
export function operationRoutes({ list, run }: OperationAnswers): Route[] {
  return list
    .filter(({ name }) => !notHere.has(name))
    .map((operation) => ({
      operation: operation.name,
      method: operation.method,
      path: operation.path,
      changes: operation.changes,
      takesJson: operation.method === "POST",
      least: leastRole(operation),
      ...(operation.body !== undefined && { body: operation.body }),
      run: async ({ request, caller, identity, requestId, parameters }) => {
        const call = { request, caller, requestId, policy: identity.role ?? "none" }
        return { body: await run(operation, parameters.get("integration") ?? "", call, "console") }
      },
    }))
}
