import type { OktaCredentials, ServerCredentials } from "../../../governance/setup/payload.ts"

/** What a session on a server is begun with. */
export interface Login {
  user: string
  password: string
}

/** What a temporary password is asked for. */
export interface OktaEntry {
  host: string
  database: string
  /** Absent: the user whom Okta's application names. */
  user?: string
}

/**
 * Signs in by Okta for a host's database, when the result is asked for. Each result keeps the password it was given while that
 * is good, and a refusal for some minutes: a job that enters the server often signs in once.
 * Both throw ServerRefusal.
 */
export type TemporaryPasswords = (credentials: OktaCredentials, entry: OktaEntry) => () => Promise<Login>

/** How credentials enter a database: as they are, or by Okta. */
export function loginBy(
  passwords: TemporaryPasswords,
  credentials: ServerCredentials,
  entry: OktaEntry,
): () => Promise<Login> {
  switch (credentials.type) {
    case "userPassword": {
      const { username, password } = credentials
      return async () => ({ user: entry.user ?? username, password })
    }
    case "okta":
      return passwords(credentials, entry)
  }
}
