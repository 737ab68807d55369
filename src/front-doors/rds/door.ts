import type { ControlPlane } from "../../control-plane/control-plane.ts"
import type { Log } from "../../wire/http/log.ts"
import type { Door } from "../door.ts"
import { queryDoor } from "../query-door.ts"
import { rdsFaultCode } from "./faults.ts"
import { rdsHandlers } from "./handlers.ts"
import { rdsService } from "./operations.ts"

/** The RDS API. Throws when its operations and their handlers do not match. */
export function rdsDoor(plane: ControlPlane, log: Log): Door {
  return queryDoor({
    name: "rds",
    service: rdsService,
    handlers: rdsHandlers(plane),
    codeOf: rdsFaultCode,
    audit: plane.store.audit,
    log,
  })
}
