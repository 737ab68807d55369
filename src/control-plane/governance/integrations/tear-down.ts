import { isSingleDatabase, type SetupPlan } from "../../../governance/setup/plan.ts"
import { databaseOwnerQuery, groupQuery, userQuery } from "../../../governance/setup/probes.ts"
import {
  accountDrops,
  customerRightsReturn,
  databaseDrop,
  objectDrops,
  ownedDrops,
} from "../../../governance/setup/statements.ts"
import type { ServerAccess } from "./server-access.ts"
import { ServerRefusal, type ServerSession } from "./server-connection.ts"
import type { JobStep } from "./set-up.ts"

/**
 * Takes away whatever a set-up has made, however far it came. What is not there is no failure. Never drops a database that the
 * account does not own. Without the one-time credentials the account and its group stay.
 */
export function tearDownSteps(access: ServerAccess, plan: SetupPlan): JobStep[] {
  const steps: JobStep[] = [
    isSingleDatabase(plan)
      ? { name: "managed objects", run: () => dropObjects(access, plan) }
      : { name: "managed database", run: () => dropDatabase(access, plan) },
  ]
  if (access.hasPrivileged) steps.push({ name: "system account", run: () => dropAccount(access, plan) })
  return steps
}

/** As the account, if it can sign in: it owns what is to go. Otherwise as whoever administers. */
async function asOwner(
  access: ServerAccess,
  database: "initial" | "managed",
  work: (session: ServerSession) => Promise<void>,
): Promise<void> {
  try {
    await access.asSystem(database, work)
  } catch (error) {
    if (!(error instanceof ServerRefusal && error.isLoginRefused)) throw error
    // Without an account there is nothing that it owns.
    if (access.hasPrivileged) await access.asPrivileged(database, work)
  }
}

async function dropDatabase(access: ServerAccess, plan: SetupPlan): Promise<void> {
  await asOwner(access, "initial", async (session) => {
    const [found] = await session.ask(databaseOwnerQuery(plan))
    if (found?.mine === true) await session.ask(databaseDrop(plan))
  })
}

async function dropObjects(access: ServerAccess, plan: SetupPlan): Promise<void> {
  await asOwner(access, "managed", async (session) => {
    if ((await session.ask(userQuery(plan.systemUser))).length === 0) return
    await session.transaction([...objectDrops(), ...ownedDrops(plan)])
  })
}

async function dropAccount(access: ServerAccess, plan: SetupPlan): Promise<void> {
  await access.asPrivileged("initial", async (session) => {
    if ((await session.ask(userQuery(plan.systemUser))).length === 0) return
    const role = plan.impersonationRole
    const hasGroup = role !== undefined && (await session.ask(groupQuery(role))).length > 0
    const drops = accountDrops(hasGroup ? plan : { ...plan, impersonationRole: undefined })
    await session.transaction([...customerRightsReturn(plan), ...drops])
  })
}
