import type { OktaEntry, TemporaryPasswords } from "../../control-plane/governance/integrations/okta-login.ts"
import { ServerRefusal } from "../../control-plane/governance/integrations/server-connection.ts"
import type { OktaSignInConfiguration } from "../../domain/configuration.ts"
import { Problem } from "../../domain/problems.ts"
import type { OktaCredentials } from "../../governance/setup/payload.ts"
import { OktaFailure } from "../../okta/failure.ts"
import { engines } from "../registries.ts"

/** Temporary passwords for the governance API's servers, as the configuration says where they are. */
export function temporaryPasswords(configuration: OktaSignInConfiguration): TemporaryPasswords {
  return (credentials: OktaCredentials, { host, database, user: databaseUser }: OktaEntry) => {
    const { type: _, ...user } = credentials
    const entrance = { user, host, database, ...(databaseUser !== undefined && { databaseUser }) }
    const password = engines.oktaPasswords(configuration, entrance)
    return async () => {
      try {
        return await password()
      } catch (error) {
        throw refusalOf(error, credentials)
      }
    }
  }
}

/** What may pass is tried again: SQLSTATE 08006 says "the connection failed", 28000 "this account may not". */
function refusalOf(error: unknown, { username, password }: OktaCredentials): unknown {
  if (!(error instanceof Problem)) return error
  const isPassing = error.cause instanceof OktaFailure && error.cause.reason === "unavailable"
  return new ServerRefusal({ message: error.message, code: isPassing ? "08006" : "28000" }, [
    password,
    username,
  ])
}
