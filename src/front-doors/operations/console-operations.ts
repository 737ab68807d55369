import { z } from "zod"
import { createLink, listUsers } from "../../control-plane/console/sessions.ts"
import { consoleRoles } from "../../domain/console/roles.ts"
import { bodyOf } from "./operation-body.ts"
import type { Operation } from "./operations.ts"

export const linkBody = z.strictObject({
  user: z.string().min(1).max(200).optional(),
  role: z.enum(consoleRoles, { error: `must be one of ${consoleRoles.join(", ")}` }).optional(),
})

/** Sign-in to the console, for whoever administers this Millrace. */
export const consoleOperations: readonly Operation[] = [
  {
    name: "CreateConsoleLink",
    method: "POST",
    path: "/console-links",
    body: linkBody,
    changes: true,
    run: ({ console: plane }, caller, _, body) => createLink(plane, caller, bodyOf(linkBody, body)),
  },
  {
    name: "ListConsoleUsers",
    method: "GET",
    path: "/console-users",
    changes: false,
    readers: "admins",
    run: ({ console: plane }, caller) => listUsers(plane, caller),
  },
]
