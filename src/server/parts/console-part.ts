import { consoleAccounts } from "../../control-plane/console/accounts.ts"
import type { SessionPlane } from "../../control-plane/console/sessions.ts"
import { statusReport } from "../../control-plane/pipelines/status.ts"
import { type ConsoleDoor, consoleDoor } from "../../front-doors/console/door.ts"
import type { OperationAnswers } from "../../front-doors/console/operation-routes.ts"
import { operationRunner } from "../../front-doors/operations/door.ts"
import { type OperationSources, operations } from "../../front-doors/operations/operations.ts"
import type { Throttle } from "../../front-doors/throttle.ts"
import type { Base } from "./base.ts"

/** The web console of a process with the role `api`. */
export function consolePart(base: Base, sources: OperationSources, throttle: Throttle): ConsoleDoor {
  const { configuration, store, plane, local, log } = base
  return consoleDoor({
    configuration: configuration.console,
    ...sources.console,
    apiKeys: store.apiKeys,
    guesses: store.consoleGuesses,
    audit: store.audit,
    loginSecret: once(() => store.sqlUsers.loginSecret()),
    operations: operationAnswers(sources, base),
    statusReport: () => statusReport(sources),
    sqlPort: () => local.sql ?? (configuration.listen.sql.port === 0 ? undefined : configuration.listen.sql),
    plane,
    throttle,
    log,
  })
}

/** Who may sign in, and who has. */
export function sessionPlane({ configuration, store }: Base): SessionPlane {
  const accounts = consoleAccounts({
    store: store.sqlUsers,
    configured: configuration.sqlUsers,
    assigned: configuration.console.users,
  })
  return { accounts, sessions: store.consoleSessions }
}

function operationAnswers(sources: OperationSources, { log }: Base): OperationAnswers {
  const runner = operationRunner(sources, log)
  const byName = new Map(operations.map((one) => [one.name, one]))
  return {
    list: operations,
    async run({ name }, identifier, call, door) {
      const operation = byName.get(name)
      if (operation === undefined) throw new Error(`there is no operation ${name}`)
      return await runner.run({ operation, identifier }, call, door)
    },
  }
}

/** Asked for until it is there, and then kept. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}
