import { randomBytes } from "node:crypto"
import { accountRights, fingerprintRows, managedObjects } from "../../../governance/setup/objects.ts"
import { passwordHash } from "../../../governance/setup/password-hashes.ts"
import { hasOwners, isSingleDatabase, type SetupPlan } from "../../../governance/setup/plan.ts"
import {
  administratorQuery,
  databaseOwnerQuery,
  fingerprintQuery,
  groupQuery,
  setUpRightQuery,
  userQuery,
} from "../../../governance/setup/probes.ts"
import {
  accountRenewal,
  accountStatements,
  databaseRights,
  databaseStatement,
  groupStatements,
  rightsReturn,
} from "../../../governance/setup/statements.ts"
import type { SystemAccount } from "./account.ts"
import type { ServerAccess } from "./server-access.ts"
import type { ServerSession } from "./server-connection.ts"

/** One step of a job, which may be repeated. */
export interface JobStep {
  name: string
  /** @throws ServerRefusal, StepFailure */
  run(): Promise<void>
}

/** Why a step cannot be done, in words without secrets. */
export class StepFailure extends Error {}

/**
 * The automatic set-up. The first step alone needs the one-time credentials: it makes, in one transaction, an account that can do the
 * others. So a set-up that was interrupted after it is finished by another process, which has no such credentials.
 */
export function setUpSteps(access: ServerAccess, plan: SetupPlan, account: SystemAccount): JobStep[] {
  const isSingle = isSingleDatabase(plan)
  return [
    { name: "system account", run: () => makeAccount(access, plan, account) },
    ...(isSingle
      ? []
      : [
          {
            name: "managed database",
            run: () => access.asSystem("initial", (session) => makeDatabase(session, plan)),
          },
          {
            name: "rights on the managed database",
            run: () => access.asSystem("initial", (session) => session.transaction(databaseRights(plan))),
          },
        ]),
    {
      name: "managed objects",
      run: () => access.asSystem("managed", (session) => makeObjects(session, plan)),
    },
    {
      name: "fingerprint and smoke read",
      run: () => access.asSystem("managed", (session) => sign(session, plan)),
    },
    ...rightsReturnSteps(access, plan),
  ]
}

async function makeObjects(session: ServerSession, plan: SetupPlan): Promise<void> {
  if (!hasOwners(plan.dialect)) {
    const [row] = await session.ask(administratorQuery)
    // The last step of the set-up has been done before: all is there.
    if (row?.allowed !== true) return
  }
  await session.transaction(managedObjects(plan))
  for (const statement of accountRights(plan)) await session.ask(statement)
}

/**
 * Takes back what the account needed for its set-up, if it has that still. Where it was an administrator, it does so itself; otherwise
 * only the one-time credentials can.
 */
export function rightsReturnSteps(access: ServerAccess, plan: SetupPlan): JobStep[] {
  const statements = rightsReturn(plan)
  if (statements.length === 0) return []
  const isOwn = !hasOwners(plan.dialect)
  if (!isOwn && !access.hasPrivileged) return []
  const enter = isOwn ? access.asSystem : access.asPrivileged
  const run = () =>
    enter("initial", async (session) => {
      const [row] = await session.ask(setUpRightQuery(plan))
      if (row?.allowed !== true) return
      for (const statement of statements) await session.ask(statement)
    })
  return [{ name: "return of rights", run }]
}

/** Of an interrupted set-up: whether the account was made is known by whether it can sign in. */
async function makeAccount(access: ServerAccess, plan: SetupPlan, account: SystemAccount): Promise<void> {
  if (!access.hasPrivileged) return await access.asSystem("initial", async () => undefined)
  if (!("password" in account)) throw new Error("an automatic set-up makes an account with a password")
  const { password } = account
  const hash = {
    hash: passwordHash(plan.dialect, { user: plan.systemUser, password, seed: randomBytes(32) }),
  }
  await access.asPrivileged("initial", async (session) => {
    const isNew = (await session.ask(userQuery(plan.systemUser))).length === 0
    const statements = isNew
      ? accountStatements(plan, hash, "finishSetUp")
      : [...accountRenewal(plan, hash, "finishSetUp"), ...(await missingGroup(session, plan))]
    if (hasOwners(plan.dialect)) return await session.transaction(statements)
    for (const statement of statements) await session.ask(statement)
  })
}

/** The statements that make the plan's group, unless it is there. */
export async function missingGroup(session: ServerSession, plan: SetupPlan): Promise<string[]> {
  if (plan.impersonationRole === undefined) return []
  const found = await session.ask(groupQuery(plan.impersonationRole))
  return found.length === 0 ? groupStatements(plan) : []
}

async function makeDatabase(session: ServerSession, plan: SetupPlan): Promise<void> {
  const [found] = await session.ask(databaseOwnerQuery(plan))
  if (found === undefined) await session.ask(databaseStatement(plan))
  else if (found.mine !== true) throw new StepFailure(`Somebody else has made a database ${plan.database}.`)
}

/** The row of the payload, and proof that the account reads it. */
export async function sign(session: ServerSession, plan: SetupPlan): Promise<void> {
  await session.transaction(fingerprintRows(plan))
  const [row] = await session.ask(fingerprintQuery)
  if (row?.fingerprint !== plan.fingerprint)
    throw new StepFailure("The managed schemas do not keep what is written.")
}
