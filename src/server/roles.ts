import { SetupError } from "../configuration/setup-error.ts"
import type { Configuration } from "../domain/configuration.ts"
import type { Engines } from "./registries.ts"

/**
 * What a process does of an installation. `api`: the HTTP port; opens no warehouse. `sql`: the SQL port. `worker`: the
 * pipelines, and what is done by itself besides them.
 */
export const processRoles = ["api", "sql", "worker"] as const
export type ProcessRole = (typeof processRoles)[number]

/** Never empty. */
export type Roles = ReadonlySet<ProcessRole>

export const allRoles: Roles = new Set(processRoles)

/** Reads `api,sql`; `undefined`: that is no list of roles. */
export function rolesFrom(text: string): Roles | undefined {
  const roles = new Set<ProcessRole>()
  for (const name of text.split(",")) {
    const role = processRoles.find((one) => one === name.trim())
    if (role === undefined) return undefined
    roles.add(role)
  }
  return roles
}

/** `api,sql`, always in this order. */
export function rolesText(roles: Roles): string {
  return processRoles.filter((role) => roles.has(role)).join(",")
}

/** Roles that work on the warehouses themselves. */
export function opensWarehouses(roles: Roles): boolean {
  return roles.has("sql") || roles.has("worker")
}

/**
 * Why a process cannot have just these roles under this configuration, and what to do; `undefined`: it can.
 * `hasParent`: its parent gives it the state database that the other processes have.
 */
export function rolesMistake(
  roles: Roles,
  { stateUrl, warehouses }: Pick<Configuration, "stateUrl" | "warehouses">,
  { registry, hasParent }: { registry: Engines["warehouses"]; hasParent: boolean },
): string | undefined {
  const given = `--roles ${rolesText(roles)}`
  const pinned = warehouses.find((one) => registry.of(one).isMovable === undefined)
  if (pinned !== undefined && roles.has("sql") !== roles.has("worker"))
    return `${given}: the warehouse ${pinned.arn} (${pinned.engine}) is files that one process at a time can open, so its SQL port and its pipelines are in one process: use --roles sql,worker, or api,sql,worker.`
  if (roles.size < allRoles.size && stateUrl === undefined && !hasParent)
    return `${given}: the processes of one installation meet in a state database that each of them reaches. Set \`state: postgres://…\` in the configuration of all of them, or give one process all roles.`
  return undefined
}

/** @throws SetupError */
export function requirePossible(...given: Parameters<typeof rolesMistake>): void {
  const mistake = rolesMistake(...given)
  if (mistake !== undefined) throw new SetupError(mistake)
}
