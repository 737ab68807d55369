/** What somebody who signed in to the console may do, the least first: see, also resync and verify, everything. */
export const consoleRoles = ["viewer", "operator", "admin"] as const
export type ConsoleRole = (typeof consoleRoles)[number]

/** Whether a role includes all that another one may. */
export function includes(role: ConsoleRole, other: ConsoleRole): boolean {
  return consoleRoles.indexOf(role) >= consoleRoles.indexOf(other)
}

export function lesserRole(one: ConsoleRole, other: ConsoleRole): ConsoleRole {
  return includes(one, other) ? other : one
}

export function isConsoleRole(text: string): text is ConsoleRole {
  return consoleRoles.some((one) => one === text)
}

/** An SQL user's role in the console, where it is another than the user's policy gives. */
export interface ConsoleUser {
  name: string
  role: ConsoleRole
}

export interface ConsoleConfiguration {
  /** Of a reverse proxy: `/millrace`; empty: none. */
  pathPrefix: string
  /** Whether other machines may use the console without TLS. */
  allowPlain: boolean
  /** Addresses and networks (`10.0.0.0/8`) whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. */
  trustedProxies: readonly string[]
  users: readonly ConsoleUser[]
}
