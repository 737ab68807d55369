/** Carries out requests about resources, and ends itself by SIGKILL at the point that MILLRACE_KILL_AT names. */
import { integrationHandlers } from "../../../src/resources/integrations/handler.ts"
import { resources } from "../../../src/resources/registry.ts"
import { startRequestRunner } from "../../../src/resources/requests/runner.ts"
import { openStore } from "../../../src/state/store.ts"
import { planeOver } from "../../conformance/served-door.ts"

const { MILLRACE_KILL_AT: point, MILLRACE_STATE_URL: url = "" } = process.env
// Whatever becomes of the test.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"))

const store = await openStore(url)
const plane = planeOver(store, {})
const log = { warn: () => undefined, error: () => undefined }
startRequestRunner({
  requests: store.resourceRequests,
  resources: resources({ handlers: integrationHandlers(plane) }),
  log,
  observe(passed) {
    if (passed === point) process.kill(process.pid, "SIGKILL")
  },
})
