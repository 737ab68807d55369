import { outcomeOf } from "../../resources/faults.ts"
import { parseModel } from "../../resources/json-text.ts"
import type { ResourcePlane } from "../../resources/requests/context.ts"
import { resourceTypes, shown } from "../../resources/resource-type.ts"
import type { AuditStore } from "../../state/audit.ts"
import type { Log } from "../../wire/http/log.ts"
import type { Door } from "../door.ts"
import { jsonDoor } from "../json-door.ts"
import { cloudControlFault } from "./faults.ts"
import { cloudControlHandlers } from "./handlers.ts"
import { cloudControlService } from "./operations.ts"

/** The Cloud Control API. */
export function cloudControlDoor(plane: ResourcePlane, audit: AuditStore, log: Log): Door {
  return jsonDoor({
    name: "cloudcontrolapi",
    service: cloudControlService,
    handlers: cloudControlHandlers(plane),
    reading: ["GetResource", "ListResources", "GetResourceRequestStatus", "ListResourceRequests"],
    faultOf: cloudControlFault,
    auditedParameters,
    outcomeOf,
    resourceOf,
    audit,
    log,
  })
}

/** Desired states and patches may have values that are never shown: the trail names types and identifiers. */
function auditedParameters(input: object): { resource: string | undefined; parameters: object } {
  const { DesiredState, PatchDocument: _patch, ...parameters }: { [member: string]: unknown } = { ...input }
  const resource = parameters.Identifier ?? parameters.RequestToken
  const state = typeof DesiredState === "string" ? shownState(parameters.TypeName, DesiredState) : undefined
  return {
    resource: typeof resource === "string" ? resource : undefined,
    parameters: { ...parameters, ...(state && { DesiredState: state }) },
  }
}

/** `undefined`: it is no state of a type that is known. */
function shownState(typeName: unknown, text: string): object | undefined {
  const type = typeof typeName === "string" ? resourceTypes.get(typeName) : undefined
  if (type === undefined) return undefined
  try {
    return shown(type, parseModel(text, "DesiredState"))
  } catch (error) {
    // The call itself is refused for it.
    if (outcomeOf(error) === "invalidRequest") return undefined
    throw error
  }
}

function resourceOf(output: object): string | undefined {
  const event: unknown = "ProgressEvent" in output ? output.ProgressEvent : undefined
  if (typeof event !== "object" || event === null || !("Identifier" in event)) return undefined
  return typeof event.Identifier === "string" ? event.Identifier : undefined
}
