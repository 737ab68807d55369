import type { ControlPlane } from "../../control-plane/control-plane.ts"
import type { Log } from "../../wire/http/log.ts"
import type { Door } from "../door.ts"
import { queryDoor } from "../query-door.ts"
import { redshiftFaultCode } from "./faults.ts"
import { redshiftHandlers } from "./handlers.ts"
import { redshiftService } from "./operations.ts"

/** The Redshift API. Throws when its operations and their handlers do not match. */
export function redshiftDoor(plane: ControlPlane, log: Log): Door {
  return queryDoor({
    name: "redshift",
    service: redshiftService,
    handlers: redshiftHandlers(plane),
    codeOf: redshiftFaultCode,
    audit: plane.store.audit,
    log,
  })
}
