/** Starts the embedded PostgreSQL of a folder (with the package in another folder, if given), says so, and stays. */
import { binariesOf } from "../../../src/embedded-postgres/binaries.ts"
import { startEmbeddedPostgres } from "../../../src/embedded-postgres/server.ts"

const [folder = "", packageRoot] = process.argv.slice(2)
const binaries = packageRoot ? await binariesOf(packageRoot, `${folder}/links`) : undefined
process.send?.("starting")
try {
  const server = await startEmbeddedPostgres({ folder, ...(binaries ? { binaries } : {}) })
  process.send?.({ pid: server.pid, url: server.url() })
} catch (error) {
  process.send?.({ error: String(error) })
}
// The channel to the parent keeps this process alive until the parent ends it.
process.on("message", () => undefined)
