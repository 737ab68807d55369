import type { ProfilePlane } from "../../profiles/services/context.ts"
import type { ResourceHandler } from "../handler.ts"
import { domainHandler } from "./domain-handler.ts"
import { integrationHandler } from "./integration-handler.ts"
import { objectTypeHandler } from "./object-type-handler.ts"

/** By type name. */
export function customerProfilesHandlers(plane: ProfilePlane): Record<string, ResourceHandler> {
  return {
    "AWS::CustomerProfiles::Domain": domainHandler(plane),
    "AWS::CustomerProfiles::Integration": integrationHandler(plane.integrations),
    "AWS::CustomerProfiles::ObjectType": objectTypeHandler(plane),
  }
}
