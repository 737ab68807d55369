import type { TlsSettings } from "../../../configuration/tls/settings.ts"
import type { GovernedConfig } from "../../../governance/setup/integration.ts"
import type { ServerCredentials } from "../../../governance/setup/payload.ts"
import type { SetupPlan } from "../../../governance/setup/plan.ts"
import { credentialsOf, type SystemAccount } from "./account.ts"
import { type Login, loginBy, type TemporaryPasswords } from "./okta-login.ts"
import { connectServer, type ServerSession } from "./server-connection.ts"

/** What servers are entered with, besides credentials. */
export interface ServerEntrances {
  /** Of servers that are entered by Okta. */
  temporaryPasswords: TemporaryPasswords
  /** TLS to a host, as the configuration says. */
  tlsOf(host: string): TlsSettings
}

/** Which of the two databases of a plan. */
export type PlanDatabase = "initial" | "managed"

/** The two accounts by which a server is entered. Sessions are closed by themselves. */
export interface ServerAccess {
  /** False: the one-time credentials are gone, since the process that was given them is. */
  readonly hasPrivileged: boolean
  /** @throws ServerRefusal; Error when there are no credentials */
  asPrivileged<T>(database: PlanDatabase, work: (session: ServerSession) => Promise<T>): Promise<T>
  /** @throws ServerRefusal */
  asSystem<T>(database: PlanDatabase, work: (session: ServerSession) => Promise<T>): Promise<T>
}

export interface AccessParts {
  config: GovernedConfig
  plan: SetupPlan
  account: SystemAccount
  credentials: ServerCredentials | undefined
}

export function serverAccess(
  { temporaryPasswords: passwords, tlsOf }: ServerEntrances,
  { config, plan, account, credentials }: AccessParts,
): ServerAccess {
  const { host, port } = config
  /** One for each account and database, so that what signs in by Okta does it once. */
  const known = new Map<string, () => Promise<Login>>()
  const login = (who: "privileged" | "system", database: string) => {
    const key = `${who} ${database}`
    const made = known.get(key) ?? loginOf(who, database)
    known.set(key, made)
    return made()
  }
  const loginOf = (who: "privileged" | "system", database: string) => {
    if (who === "system")
      return loginBy(passwords, credentialsOf(account, plan.systemUser), {
        host,
        database,
        user: plan.systemUser,
      })
    if (credentials === undefined) throw new Error("the one-time credentials are gone")
    return loginBy(passwords, credentials, { host, database })
  }
  const enter = async <T>(
    who: "privileged" | "system",
    which: PlanDatabase,
    work: (session: ServerSession) => Promise<T>,
  ): Promise<T> => {
    const database = which === "initial" ? plan.initialDatabase : plan.database
    const session = await connectServer({
      ...{ host, port, database, tls: tlsOf(host) },
      ...(await login(who, database)),
    })
    try {
      return await work(session)
    } finally {
      await session.close()
    }
  }
  return {
    hasPrivileged: credentials !== undefined,
    asPrivileged: (database, work) => enter("privileged", database, work),
    asSystem: (database, work) => enter("system", database, work),
  }
}
