import type { RequestStore } from "../../state/resources/requests.ts"
import type { Resources } from "../registry.ts"

/** What the services of resources work on. */
export interface ResourcePlane {
  account: string
  region: string
  resources: Resources
  requests: RequestStore
  /** A request was recorded: whoever carries them out looks now. Never throws, returns at once. */
  nudge(): void
}
