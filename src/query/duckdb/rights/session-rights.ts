import { mayConnect, type SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import type { SqlUsers } from "../../../control-plane/sql-users/sql-users.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { faultAsPgError } from "../../faults.ts"
import type { OwnFunctions } from "./own-functions.ts"

/** What a session's user may do, asked anew for each statement. */
export function rightsOf(users: SqlUsers, user: string) {
  let last: SqlAccess = { isSuperuser: false, readsAll: false, grants: [] }
  return {
    last: () => last,
    now: async (): Promise<SqlAccess> => {
      const access = await users.accessOf(user).catch((error: unknown) => {
        throw faultAsPgError(error)
      })
      if (access === undefined) {
        throw new PgError("57P01", `user "${user}" does not exist any more`, { fatal: true })
      }
      last = access
      return access
    },
  }
}

/** Of the user in a session of that database. Throws 42501 where what runs there could be other functions than it says. */
export async function accessIn(
  database: string,
  rights: { now(): Promise<SqlAccess> },
  functions: OwnFunctions,
): Promise<SqlAccess> {
  const access = await rights.now()
  // Who may do everything may also remove them.
  if (!access.isSuperuser) await functions.refuseIn(database)
  return access
}

export function requireConnect(access: SqlAccess, user: string, database: string): void {
  if (mayConnect(access, database)) return
  throw new PgError("42501", `permission denied for database "${database}"`, {
    detail: `User "${user}" has nothing granted there.`,
    fatal: true,
  })
}
