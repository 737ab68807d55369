import { opensWarehouses, type Roles } from "../roles.ts"

/** The programs of a process's roles; `undefined`: none of its roles needs it. */
export interface LoadedParts {
  api: typeof import("./api-part.ts") | undefined
  warehouse: typeof import("./warehouse-part.ts") | undefined
  sql: typeof import("./sql-part.ts") | undefined
  worker: typeof import("./worker-part.ts") | undefined
}

/**
 * Loads what these roles need and nothing else: a process under the supervisor has a part of the roles, and pays for no
 * other's program (seen: 30 MB and a fifth of a second of processor time for each start). May be called before the start, to
 * load while something else is waited for.
 */
export async function loadParts(roles: Roles): Promise<LoadedParts> {
  return {
    api: roles.has("api") ? await import("./api-part.ts") : undefined,
    warehouse: opensWarehouses(roles) ? await import("./warehouse-part.ts") : undefined,
    sql: roles.has("sql") ? await import("./sql-part.ts") : undefined,
    worker: roles.has("worker") ? await import("./worker-part.ts") : undefined,
  }
}
