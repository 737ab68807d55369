import type { WebhookConfiguration } from "../../domain/configuration.ts"
import type { ProfileEventStore } from "../../state/profile-events/event-store.ts"
import type { IdentityStore } from "../../state/profile-identity/identity-store.ts"
import type { ProfileStore } from "../../state/profiles/profile-store.ts"
import type { IntegrationsPlane } from "../flows/integrations/integrations.ts"

/** What the services of Customer Profiles work on. */
export interface ProfilePlane {
  account: string
  region: string
  store: ProfileStore
  integrations: IntegrationsPlane
  identity: IdentityStore
  events: ProfileEventStore
  /** Where events may be sent. */
  webhooks: readonly WebhookConfiguration[]
  /** Rows are left to be removed: whoever removes them looks now. Never throws, returns at once. */
  nudge(): void
}

/** As the service allows by default. */
export const profileQuotas = {
  domains: 100,
  objectTypesPerDomain: 100,
  keysPerObjectType: 10,
  fieldsPerObjectType: 250,
} as const

/** Some of a list. */
export interface PageAsked {
  /** `next` of the page before. */
  after: string | undefined
  limit: number
}

export interface PageFound<T> {
  items: T[]
  /** Present when there may be more. */
  next: string | undefined
}

/** @param found one more than was asked for, where there are more */
export function pageFound<T>(found: readonly T[], limit: number, keyOf: (item: T) => string): PageFound<T> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last !== undefined ? keyOf(last) : undefined }
}
