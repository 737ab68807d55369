/** What an API key of the governance API may do. (Fact: names of the published API.) */
export const permissions = [
  "APPLICATION_ADMIN",
  "GOVERNANCE",
  "CREATE_DATA_SOURCE",
  "CREATE_PROJECT",
  "USER_ADMIN",
  "AUDIT",
  "IMPERSONATE_USER",
] as const

export type Permission = (typeof permissions)[number]

export function isPermission(text: string): text is Permission {
  return permissions.some((one) => one === text)
}

/** A key of the governance API; its secret is not kept. */
export interface ApiKey {
  id: number
  /** Unique among keys that are not revoked. */
  name: string
  permissions: readonly Permission[]
  createdAt: Date
  revokedAt: Date | undefined
}
