import { createHmac } from "node:crypto"

/**
 * How the console logs in to the SQL port, on whichever process that is: as a user of its own, who then acts as the user who signed in.
 * No SQL user can be made with this name, and its password is known to who reads the state database only.
 */
export const consoleLogin = "pg_millrace_console"

/** @param loginSecret shared by all processes on the state database */
export function consolePassword(loginSecret: Uint8Array): string {
  return createHmac("sha256", loginSecret).update("console login").digest("base64url")
}

/** As whom a connection of the console acts. */
export interface Acting {
  user: string
  /** `read`: the session changes nothing, whatever its user may. `write`: what its user may. */
  mode: "read" | "write"
}

/** For `options` of the start-up message. */
export function actingOptions({ user, mode }: Acting): string {
  return `-c millrace.acting_user=${Buffer.from(user).toString("base64url")} -c millrace.acting_mode=${mode}`
}

/** What `actingOptions` wrote; `undefined`: nothing. */
export function actingIn(options: string | undefined): Acting | undefined {
  const found = /-c millrace\.acting_user=([A-Za-z0-9_-]+) -c millrace\.acting_mode=(read|write)\b/.exec(
    options ?? "",
  )
  if (found === null) return undefined
  return {
    user: Buffer.from(found[1] ?? "", "base64url").toString(),
    mode: found[2] === "write" ? "write" : "read",
  }
}
