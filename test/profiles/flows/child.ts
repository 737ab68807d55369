/** Runs flows, and ends itself by SIGKILL at the point of a run that MILLRACE_KILL_AT names, at its nth time. */
import { startFlows } from "../../../src/profiles/flows/runs/scheduler.ts"
import { openStore } from "../../../src/state/store.ts"
import { sourcesOf } from "./scene.ts"

const { MILLRACE_KILL_AT: point, MILLRACE_STATE_URL: url = "", MILLRACE_S3: s3Endpoint = "" } = process.env
const { MILLRACE_KILL_COUNT: count = "1", MILLRACE_FOLDER: folder = "" } = process.env
// Whatever becomes of the test.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"))

const store = await openStore(url)
let passed = 0
startFlows({
  store,
  sources: sourcesOf({ s3Endpoint }, folder),
  held: { isHeld: () => true, generation: () => 1 },
  log: {
    info: () => undefined,
    warn: () => undefined,
    error: (fields, message) => console.error(message, fields),
  },
  observe(at) {
    if (at === point && ++passed === Number(count)) process.kill(process.pid, "SIGKILL")
  },
})
