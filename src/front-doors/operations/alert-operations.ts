import { z } from "zod"
import { alertsReport, silenceAlerts, testChannel } from "../../control-plane/alerts/alerts.ts"
import { bodyOf } from "./operation-body.ts"
import type { Operation } from "./operations.ts"

const silenceBody = z.strictObject({
  integration: z.string().min(1).max(300).optional(),
  forMs: z.number().int().min(0),
})
const testBody = z.strictObject({ channel: z.string().min(1).max(63) })

/** What is told to people who do not look. */
export const alertOperations: readonly Operation[] = [
  {
    name: "ListAlerts",
    method: "GET",
    path: "/alerts",
    changes: false,
    run: ({ store, alerts }, caller) => alertsReport(store, caller, alerts()),
  },
  {
    name: "SilenceAlerts",
    method: "POST",
    path: "/alerts/silence",
    body: silenceBody,
    changes: true,
    run: ({ store }, caller, _, body) => {
      const { integration, forMs } = bodyOf(silenceBody, body)
      return silenceAlerts(store, caller, { integration, forMs })
    },
  },
  {
    name: "TestAlertChannel",
    method: "POST",
    path: "/alerts/test",
    body: testBody,
    changes: true,
    run: ({ alerts }, caller, _, body) => testChannel(caller, alerts(), bodyOf(testBody, body).channel),
  },
]
