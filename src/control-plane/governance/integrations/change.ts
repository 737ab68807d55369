import { fingerprintRows, impersonationRights, managedObjects } from "../../../governance/setup/objects.ts"
import { hasOwners, type SetupPlan } from "../../../governance/setup/plan.ts"
import { groupQuery } from "../../../governance/setup/probes.ts"
import { groupDrop } from "../../../governance/setup/statements.ts"
import type { ServerAccess } from "./server-access.ts"
import type { ServerSession } from "./server-connection.ts"
import { type JobStep, missingGroup, rightsReturnSteps, StepFailure, sign } from "./set-up.ts"

export interface PlanChange {
  before: SetupPlan
  after: SetupPlan
}

/**
 * Makes what `before` says into what `after` says: the new group, then everything of the managed database in one transaction, then
 * the old group goes. The same with both exchanged takes it back.
 */
export function changeSteps(access: ServerAccess, { before, after }: PlanChange): JobStep[] {
  const [old, role] = [before.impersonationRole, after.impersonationRole]
  return [
    ...(role === undefined || role === old
      ? []
      : [{ name: "impersonation group", run: () => makeGroup(access, after) }]),
    {
      name: "managed objects",
      run: () => access.asSystem("managed", (session) => changeObjects(session, { before, after })),
    },
    {
      name: "fingerprint and smoke read",
      run: () => access.asSystem("managed", (session) => sign(session, after)),
    },
    ...(old === undefined || old === role || !access.hasPrivileged
      ? []
      : [{ name: "former impersonation group", run: () => dropGroup(access, old) }]),
    // An interrupted set-up may have left it.
    ...rightsReturnSteps(access, after),
  ]
}

/** What is there becomes of this version; where it fails, it stays as it was. */
export function migrationSteps(access: ServerAccess, plan: SetupPlan): JobStep[] {
  const run = () =>
    access.asSystem("managed", (session) =>
      session.transaction([...managedObjects(plan), ...fingerprintRows(plan)]),
    )
  return [{ name: "managed objects", run }]
}

async function changeObjects(session: ServerSession, { before, after }: PlanChange): Promise<void> {
  const [old, role] = [before.impersonationRole, after.impersonationRole]
  // Without owners nothing in the database depends on what an edit changes.
  if (!hasOwners(after.dialect)) return
  const isGone = old === undefined || old === role || (await session.ask(groupQuery(old))).length === 0
  await session.transaction([
    ...managedObjects(after),
    ...(isGone ? [] : impersonationRights("REVOKE", { dialect: after.dialect, role: old })),
  ])
}

async function makeGroup(access: ServerAccess, plan: SetupPlan): Promise<void> {
  if (access.hasPrivileged)
    return await access.asPrivileged("initial", async (session) =>
      session.transaction(await missingGroup(session, plan)),
    )
  const missing = await access.asSystem("managed", (session) => missingGroup(session, plan))
  if (missing.length > 0)
    throw new StepFailure("The group is missing, and the one-time credentials are gone.")
}

async function dropGroup(access: ServerAccess, role: string): Promise<void> {
  await access.asPrivileged("initial", async (session) => {
    if ((await session.ask(groupQuery(role))).length > 0) await session.transaction([groupDrop(role)])
  })
}
