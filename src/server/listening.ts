import { SetupError, systemCode } from "../configuration/setup-error.ts"
import type { HostPort } from "../domain/configuration.ts"

/** Starts what listens at an address. `key`: its place in millrace.yaml. @throws SetupError for what a person can mend there */
export async function listening<T>(at: HostPort, key: string, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    const code = systemCode(error)
    if (code === "EADDRINUSE")
      throw new SetupError(
        `Port ${at.port} of ${at.host} is taken: stop what uses it, or set ${key} to another.`,
        { cause: error },
      )
    if (code === undefined) throw error
    throw new SetupError(
      `Cannot listen on ${at.host}:${at.port} (${code}): set ${key} to an address of this machine.`,
      { cause: error },
    )
  }
}
