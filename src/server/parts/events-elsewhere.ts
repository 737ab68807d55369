import { Fault } from "../../domain/faults.ts"
import { bearerOf } from "../../front-doors/events/handler.ts"
import type { EventTaker } from "./api-part.ts"

const reason =
  "Events of buckets are taken by the process that has the role worker: post them to one that has both api and worker."

/** Of a process that runs no copy jobs: says where events are taken. */
export const eventsElsewhere: EventTaker = {
  takeEvents() {
    throw new Fault("unavailable", reason)
  },
  eventHandler: (signed) => async (request) =>
    bearerOf(request) === undefined
      ? signed(request)
      : {
          status: 503,
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ code: "unavailable", message: reason }),
        },
}
