import type { ConfigurationUse } from "../configuration/used-part.ts"
import type { Configuration } from "../domain/configuration.ts"
import { plainLine } from "../domain/text-forms/plain-text.ts"
import { type OperationsAccess, operationsAccess } from "./asking/operations-request.ts"
import { configured } from "./configured.ts"
import { complain } from "./output.ts"

/** 0 fine, 1 failed, 2 wrong usage; 3 asked and answered, and something is not well. */
export type ExitCode = 0 | 1 | 2 | 3

/** Runs `work` with access to the Millrace that runs here; says on standard error what keeps us from it. */
export async function operating(
  configPath: string | undefined,
  needed: "admin" | "read-only",
  work: (access: OperationsAccess, configuration: Configuration) => Promise<ExitCode>,
  use: ConfigurationUse = "ask-api",
): Promise<ExitCode> {
  const configuration = configured(configPath, use)
  if (configuration === undefined) return 2
  const access = await operationsAccess(configuration, needed)
  return typeof access === "string" ? failed(access) : await work(access, configuration)
}

export function failed(message: string): 1 {
  complain(plainLine(message))
  return 1
}

export function misused(message: string): 2 {
  complain(plainLine(message))
  return 2
}
