import type { GovernedConfig } from "../../../governance/setup/integration.ts"
import type { ServerCredentials } from "../../../governance/setup/payload.ts"
import type { SetupPlan } from "../../../governance/setup/plan.ts"
import type { SystemAccount } from "./account.ts"
import { connectServer, type ServerSession } from "./server-connection.ts"

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

export function serverAccess({ config, plan, account, credentials }: AccessParts): ServerAccess {
  const enter = async <T>(
    login: { user: string; password: string },
    database: PlanDatabase,
    work: (session: ServerSession) => Promise<T>,
  ): Promise<T> => {
    const name = database === "initial" ? plan.initialDatabase : plan.database
    const session = await connectServer({ host: config.host, port: config.port, database: name, ...login })
    try {
      return await work(session)
    } finally {
      await session.close()
    }
  }
  return {
    hasPrivileged: credentials !== undefined,
    async asPrivileged(database, work) {
      if (credentials === undefined) throw new Error("the one-time credentials are gone")
      const { username: user, password } = credentials
      return await enter({ user, password }, database, work)
    },
    asSystem: (database, work) =>
      enter({ user: plan.systemUser, password: account.password }, database, work),
  }
}
