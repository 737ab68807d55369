import type { Kysely } from "kysely"
import type { StateSchema } from "../schema.ts"
import { type DeadLetterStore, deadLetterStore } from "./dead-letters.ts"
import { type ProfileIntegrationStore, profileIntegrationStore } from "./integrations.ts"
import { type FlowRunStore, flowRunStore } from "./runs.ts"

export interface FlowStores {
  profileIntegrations: ProfileIntegrationStore
  flowRuns: FlowRunStore
  deadLetters: DeadLetterStore
}

export function flowStores(db: Kysely<StateSchema>): FlowStores {
  return {
    profileIntegrations: profileIntegrationStore(db),
    flowRuns: flowRunStore(db),
    deadLetters: deadLetterStore(db),
  }
}
