import type {
  GovernedIntegration,
  GovernedStatus,
  ValidationTest,
} from "../../../governance/setup/integration.ts"
import type { ServerCredentials } from "../../../governance/setup/payload.ts"
import { hasOwners, isSingleDatabase, type SetupPlan } from "../../../governance/setup/plan.ts"
import { fingerprintQuery } from "../../../governance/setup/probes.ts"
import type { JobEnd } from "../../../state/governance/governed-integrations.ts"
import { type SystemAccount, systemUserOf } from "./account.ts"
import { changeSteps, migrationSteps } from "./change.ts"
import { resultsOf } from "./checks.ts"
import { type IntegrationPlane, type OpenedIntegration, opened, planOf } from "./plane.ts"
import { type FailedStep, runEach, runSteps, type StepRun } from "./run-steps.ts"
import { type ServerAccess, serverAccess } from "./server-access.ts"
import { type JobStep, StepFailure, setUpSteps } from "./set-up.ts"
import { tearDownSteps } from "./tear-down.ts"

export interface Job {
  integration: GovernedIntegration
  /** Only in the process that took the call, and only while it runs. */
  credentials: ServerCredentials | undefined
}

type JobPlane = Pick<IntegrationPlane, "safe" | "temporaryPasswords" | "tlsOf">

/** Does a job up to its end, which the caller records. @throws JobLost; Problem keyNotAccessible */
export async function runJob(plane: JobPlane, job: Job, run: StepRun): Promise<JobEnd> {
  const { integration, credentials } = job
  const at = await opened(plane, integration)
  const { config } = integration
  const access = serverAccess(plane, {
    config,
    plan: at.plan,
    account: at.account,
    credentials,
  })
  switch (integration.job?.kind) {
    case "create":
      return integration.autoBootstrap ? await setUp(at, access, run) : await adopt(at, access, run)
    case "edit":
      return integration.autoBootstrap ? await change(at, access, run) : await adoptEdit(plane, at, run)
    case "migrate":
      return await migrate(at, access, run)
    case "delete":
      return integration.autoBootstrap ? await tearDown(at, access, run) : gone
    case undefined:
      throw new Error(`integration ${integration.id} has no job`)
  }
}

const gone: JobEnd = { status: "deleted", then: "forgetAccount" }

async function setUp(
  { integration, plan, account }: OpenedIntegration,
  access: ServerAccess,
  run: StepRun,
): Promise<JobEnd> {
  const failed = await runSteps(setUpSteps(access, plan, account), run)
  if (failed === undefined) {
    const hasRight = !access.hasPrivileged && hasOwners(plan.dialect) && !isSingleDatabase(plan)
    return ended(integration, "enabled", hasRight ? [keptRight(plan)] : [])
  }
  const left = await runEach(tearDownSteps(access, plan), run)
  return ended(integration, "createError", [failedTest(failed), ...left.map(remainsTest)])
}

/** The set-up was interrupted, and finished without the credentials that could take the right away. */
function keptRight({ systemUser }: SetupPlan): ValidationTest {
  return {
    name: "Automatic Bootstrap: return of rights",
    status: "warning",
    message: `The set-up was interrupted and finished without the one-time credentials: the account ${systemUser} may still create databases. Run ALTER USER "${systemUser}" NOCREATEDB.`,
  }
}

function failedTest({ step, message }: FailedStep): ValidationTest {
  return { name: `Automatic Bootstrap: ${step}`, status: "failed", message }
}

function remainsTest({ step, message }: FailedStep): ValidationTest {
  return { name: `Clean-up: ${step}`, status: "failed", message }
}

/** `more` in the place of what an earlier job told. */
function ended(
  { validationResults }: GovernedIntegration,
  status: GovernedStatus,
  more: readonly ValidationTest[],
  then: JobEnd["then"] = "keep",
): JobEnd {
  const kept = validationResults.validationTests.filter(
    ({ name }) => !/^(Automatic Bootstrap|Clean-up):/.test(name),
  )
  return { status, validationResults: resultsOf([...kept, ...more]), then }
}

function adoptSteps(access: ServerAccess, { fingerprint }: SetupPlan): JobStep[] {
  const run = () =>
    access.asSystem("managed", async (session) => {
      const [row] = await session.ask(fingerprintQuery)
      if (row?.fingerprint !== fingerprint)
        throw new StepFailure("The scripts that were run are of another payload.")
    })
  return [{ name: "fingerprint and smoke read", run }]
}

/** What a person has made by the scripts is looked at once more, and not changed. */
async function adopt(
  { integration, plan }: OpenedIntegration,
  access: ServerAccess,
  run: StepRun,
): Promise<JobEnd> {
  const failed = await runSteps(adoptSteps(access, plan), run)
  return failed === undefined
    ? ended(integration, "enabled", [])
    : ended(integration, "createError", [failedTest(failed)])
}

async function adoptEdit(
  plane: JobPlane,
  { integration, account, plan: before }: OpenedIntegration,
  run: StepRun,
): Promise<JobEnd> {
  const { pending } = integration
  if (pending === undefined) throw new Error("an edit has nothing pending")
  const next: SystemAccount =
    pending.account === undefined ? account : await plane.safe.open(pending.account, pending.config)
  const plan = planOf({ ...pending, dialect: before.dialect }, systemUserOf(next, integration.id))
  const access = serverAccess(plane, {
    config: pending.config,
    plan,
    account: next,
    credentials: undefined,
  })
  const failed = await runSteps(adoptSteps(access, plan), run)
  return failed === undefined
    ? ended(integration, "enabled", [], "applyEdit")
    : ended(integration, "editError", [failedTest(failed)])
}

async function change(
  { integration, plan: before }: OpenedIntegration,
  access: ServerAccess,
  run: StepRun,
): Promise<JobEnd> {
  const { pending } = integration
  if (pending === undefined) throw new Error("an edit has nothing pending")
  const after = planOf({ ...pending, dialect: before.dialect }, before.systemUser)
  const failed = await runSteps(changeSteps(access, { before, after }), run)
  if (failed === undefined) {
    const old = before.impersonationRole
    const isLeft = old !== undefined && old !== after.impersonationRole && !access.hasPrivileged
    return ended(integration, "enabled", isLeft ? [leftGroup(old)] : [], "applyEdit")
  }
  const left = await runEach(changeSteps(access, { before: after, after: before }), run)
  return ended(integration, "editError", [failedTest(failed), ...left.map(remainsTest)])
}

/** Managed objects of an earlier version become those of this one: by the account that owns them, in one transaction. */
async function migrate(
  { integration, plan }: OpenedIntegration,
  access: ServerAccess,
  run: StepRun,
): Promise<JobEnd> {
  const failed = await runSteps(migrationSteps(access, plan), run)
  return failed === undefined
    ? ended(integration, "enabled", [])
    : ended(integration, "migrateError", [failedTest(failed)])
}

function leftGroup(role: string): ValidationTest {
  return {
    name: "Automatic Bootstrap: former impersonation group",
    status: "warning",
    message: `The change was interrupted and finished without the one-time credentials: the group ${role} is left, without rights here. Run DROP GROUP "${role}".`,
  }
}

/** What was dropped cannot be made again with its rows; a removal that failed is asked for again. */
async function tearDown(
  { integration, plan }: OpenedIntegration,
  access: ServerAccess,
  run: StepRun,
): Promise<JobEnd> {
  const failed = await runSteps(tearDownSteps(access, plan), run)
  if (failed !== undefined) return ended(integration, "deleteError", [failedTest(failed)])
  if (access.hasPrivileged) return gone
  const message =
    "The removal was interrupted, and the one-time credentials are gone: ask for it again, with credentials."
  return ended(integration, "deleteError", [failedTest({ step: "system account", message })])
}
