import { hasOwners, isSingleDatabase, type SetupPlan } from "../../../governance/setup/plan.ts"
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
import { type JobStep, StepFailure } from "./set-up.ts"

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
  if (access.hasPrivileged && isSingleDatabase(plan))
    steps.push({ name: "rights of the system account", run: () => takeRights(access, plan) })
  if (access.hasPrivileged) steps.push({ name: "system account", run: () => dropAccount(access, plan) })
  else if (!hasOwners(plan.dialect))
    steps.push({ name: "system account", run: () => dropItself(access, plan) })
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

/** Where nothing has an owner, administrators drop: whoever set up, or the account while it is one. */
async function asAdministrator(
  access: ServerAccess,
  database: "initial" | "managed",
  work: (session: ServerSession) => Promise<void>,
): Promise<void> {
  if (access.hasPrivileged) return await access.asPrivileged(database, work)
  await asOwner(access, database, work)
}

async function dropItself(access: ServerAccess, plan: SetupPlan): Promise<void> {
  await asOwner(access, "initial", async (session) => {
    for (const statement of accountDrops(plan)) await session.ask(statement)
  })
}

async function dropDatabase(access: ServerAccess, plan: SetupPlan): Promise<void> {
  const enter = hasOwners(plan.dialect) ? asOwner : asAdministrator
  await enter(access, "initial", async (session) => {
    const [found] = await session.ask(databaseOwnerQuery(plan))
    if (found?.mine === true) await session.ask(databaseDrop(plan))
    // Where a database has an owner, it is the other's, and was never the set-up's.
    else if (found !== undefined && !hasOwners(plan.dialect))
      throw new StepFailure(
        `Database ${plan.database} holds tables that the set-up did not make: move them away, and ask again.`,
      )
  })
}

async function dropObjects(access: ServerAccess, plan: SetupPlan): Promise<void> {
  const enter = hasOwners(plan.dialect) ? asOwner : asAdministrator
  await enter(access, "managed", async (session) => {
    if ((await session.ask(userQuery(plan.systemUser))).length === 0) return
    await session.transaction([...objectDrops(), ...ownedDrops(plan)])
  })
}

/** What others have granted it in their database, so that views could show their tables: it cannot give that back itself. */
async function takeRights(access: ServerAccess, plan: SetupPlan): Promise<void> {
  await access.asPrivileged("managed", (session) => session.transaction(ownedDrops(plan)))
}

async function dropAccount(access: ServerAccess, plan: SetupPlan): Promise<void> {
  await access.asPrivileged("initial", async (session) => {
    if ((await session.ask(userQuery(plan.systemUser))).length === 0) return
    const role = plan.impersonationRole
    const hasGroup = role !== undefined && (await session.ask(groupQuery(role))).length > 0
    const drops = accountDrops(hasGroup ? plan : { ...plan, impersonationRole: undefined })
    const statements = [...customerRightsReturn(plan), ...drops]
    if (hasOwners(plan.dialect)) return await session.transaction(statements)
    for (const statement of statements) await session.ask(statement)
  })
}
