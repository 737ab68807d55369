/** A process that makes a call of the integrations API and is killed at a point of its job. */
import {
  createIntegration,
  deleteIntegration,
  updateIntegration,
} from "../../../src/control-plane/governance/integrations/calls.ts"
import { type Installation, startCalls } from "./governed-server.ts"

export interface KillOrder {
  installation: Installation
  call: "create" | { edit: string } | { delete: string }
  body: unknown
  /** `<kind>/<step>/<event>` */
  point: string
}

const order = JSON.parse(process.argv[2] ?? "") as KillOrder
const { calls } = await startCalls(order.installation, {
  observe(point) {
    if (point === order.point) process.kill(process.pid, "SIGKILL")
  },
})
if (order.call === "create") await createIntegration(calls, order.body)
else if ("edit" in order.call) await updateIntegration(calls, order.call.edit, order.body)
else await deleteIntegration(calls, order.call.delete, order.body)
