import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A folder of the test's own. Under `npm test` it lies in the run's folder, which the runner sweeps at the end. */
export async function temporaryFolder(name = "test"): Promise<string> {
  return mkdtemp(join(process.env.MILLRACE_TEST_FOLDER ?? tmpdir(), `millrace-${name}-`))
}

export async function removeFolder(folder: string): Promise<void> {
  // A server that is just ending may still add files.
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}
