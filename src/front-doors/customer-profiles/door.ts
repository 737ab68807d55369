import type { ProfilePlane } from "../../profiles/services/context.ts"
import type { AuditStore } from "../../state/audit.ts"
import type { Log } from "../../wire/http/log.ts"
import type { Door } from "../door.ts"
import { restDoor } from "../rest-door.ts"
import { profileFault } from "./faults.ts"
import { domainHandlers } from "./handlers/domain-handlers.ts"
import { eventStreamHandlers, eventTriggerHandlers } from "./handlers/event-handlers.ts"
import { identityJobHandlers } from "./handlers/identity-job-handlers.ts"
import { integrationHandlers } from "./handlers/integration-handlers.ts"
import { matchHandlers } from "./handlers/match-handlers.ts"
import { objectHandlers } from "./handlers/object-handlers.ts"
import { objectTypeHandlers } from "./handlers/object-type-handlers.ts"
import { profileHandlers } from "./handlers/profile-handlers.ts"
import { tagHandlers } from "./handlers/tag-handlers.ts"
import { domainsOperations } from "./operations/domains.ts"
import { eventStreamsOperations } from "./operations/event-streams.ts"
import { eventTriggersOperations } from "./operations/event-triggers.ts"
import { identityJobsOperations } from "./operations/identity-jobs.ts"
import { integrationsOperations } from "./operations/integrations.ts"
import { matchesOperations } from "./operations/matches.ts"
import { objectTypesOperations } from "./operations/object-types.ts"
import { objectsOperations } from "./operations/objects.ts"
import { profilesOperations } from "./operations/profiles.ts"
import { tagsOperations } from "./operations/tags.ts"

/** All operations that are served: a kind of resource is a file of `operations/` and one of `handlers/`, named here. */
export const customerProfilesOperations = {
  ...domainsOperations,
  ...objectTypesOperations,
  ...objectsOperations,
  ...profilesOperations,
  ...integrationsOperations,
  ...tagsOperations,
  ...eventTriggersOperations,
  ...eventStreamsOperations,
  ...matchesOperations,
  ...identityJobsOperations,
} as const

/** The Customer Profiles API. */
export function customerProfilesDoor(plane: ProfilePlane, audit: AuditStore, log: Log): Door {
  return restDoor({
    name: "profile",
    title: "Customer Profiles",
    operations: customerProfilesOperations,
    handlers: {
      ...domainHandlers(plane),
      ...objectTypeHandlers(plane),
      ...objectHandlers(plane),
      ...profileHandlers(plane),
      ...integrationHandlers(plane.integrations),
      ...tagHandlers(plane),
      ...eventTriggerHandlers(plane),
      ...eventStreamHandlers(plane),
      ...matchHandlers(plane),
      ...identityJobHandlers(plane),
    },
    // Objects are data and not settings: the history of profiles says who has put them.
    unaudited: [
      "GetDomain",
      "ListDomains",
      "GetProfileObjectType",
      "ListProfileObjectTypes",
      "PutProfileObject",
      "ListProfileObjects",
      "SearchProfiles",
      "ListTagsForResource",
      "GetIntegration",
      "ListIntegrations",
      "ListAccountIntegrations",
      "GetEventTrigger",
      "ListEventTriggers",
      "GetEventStream",
      "ListEventStreams",
      "GetMatches",
      "ListRuleBasedMatches",
      "GetSimilarProfiles",
      "GetIdentityResolutionJob",
      "ListIdentityResolutionJobs",
      "GetAutoMergingPreview",
    ],
    faultOf: profileFault,
    invalidInput: "BadRequestException",
    auditedParameters,
    audit,
    log,
  })
}

/** Members that name things. Values of profiles are of people: none comes into the trail. */
const naming = [
  "DomainName",
  "ObjectTypeName",
  "ProfileId",
  "MainProfileId",
  "Uri",
  "EventTriggerName",
  "EventStreamName",
  "resourceArn",
]

function auditedParameters(input: object): { resource: string | undefined; parameters: object } {
  const named = Object.entries(input).filter(([name]) => naming.includes(name))
  const resource = named.map(([, value]) => String(value)).join("/")
  return { resource: resource === "" ? undefined : resource, parameters: Object.fromEntries(named) }
}
