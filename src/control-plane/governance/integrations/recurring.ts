import type {
  GovernedIntegration,
  GovernedStatus,
  ValidationTest,
} from "../../../governance/setup/integration.ts"
import { resultsOf } from "./checks.ts"
import type { IntegrationPlane } from "./plane.ts"

/** Of what is looked at again and again: each by its own look, and together they make the status. */
export const schemasTest = "Recurring Validation: Managed Schemas Are As Set Up"
export const policiesTest = "Recurring Validation: Policies Hold"

const recurringTests: readonly string[] = [schemasTest, policiesTest]

/** What a look has found; no message: all is well. */
export interface RecurringFinding {
  name: typeof schemasTest | typeof policiesTest
  message: string | undefined
}

/**
 * Makes the status say what was found: `recurringValidationError` while one of the looks fails, `enabled` again when none does.
 * Statuses that a job has left stay, with the finding among their tests.
 */
export async function recordRecurring(
  { store, log }: Pick<IntegrationPlane, "store"> & { log: Pick<IntegrationPlane["log"], "warn"> },
  integration: GovernedIntegration,
  { name, message }: RecurringFinding,
): Promise<void> {
  const { id, status: from, validationResults } = integration
  const { validationTests } = validationResults
  const before = validationTests.find((one) => one.name === name)?.message
  const kept = validationTests.filter((one) => one.name !== name)
  const found: ValidationTest[] = message === undefined ? [] : [{ name, status: "failed", message }]
  const tests = [...kept, ...found]
  const to = statusBy(from, tests)
  if (to === from && before === message) return
  if (!(await store.validated(id, { from, to, validationResults: resultsOf(tests) }))) return
  log.warn({ integration: id, status: to, reason: message }, "an integration was validated again")
}

function statusBy(from: GovernedStatus, tests: readonly ValidationTest[]): GovernedStatus {
  if (from !== "enabled" && from !== "recurringValidationError") return from
  return tests.some(({ name }) => recurringTests.includes(name)) ? "recurringValidationError" : "enabled"
}
