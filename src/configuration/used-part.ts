/**
 * What the configuration is read for. Who only asks a running Millrace needs neither sources nor keys, nor the secrets in
 * them: the APIs take a credential, the SQL port a user, and who asks a warehouse at its own server needs its URL (`ask`: all three).
 */
export type ConfigurationUse = "run" | "ask" | "ask-api" | "ask-sql-port" | "ask-warehouse"

const neverAsked = ["sources", "state", "kms_keys", "events", "alerts", "governance"]
const unused: Record<ConfigurationUse, readonly string[]> = {
  run: [],
  ask: neverAsked,
  "ask-api": [...neverAsked, "warehouses", "sql_users"],
  "ask-sql-port": [...neverAsked, "warehouses", "credentials"],
  "ask-warehouse": [...neverAsked, "credentials"],
}

/**
 * The document without what `use` has no need of: references in there may lead to something for the server's environment
 * alone. It lacks the lists then that `withUsualLists` gives it.
 */
export function usedPart(document: unknown, use: ConfigurationUse): unknown {
  if (!isBlock(document)) return document
  return Object.fromEntries(Object.entries(document).filter(([key]) => !unused[use].includes(key)))
}

/** What was left out, as it would be where nothing is configured. */
export function withUsualLists(document: unknown, use: ConfigurationUse, usualWarehouse: object): unknown {
  if (use === "run" || !isBlock(document)) return document
  const lists = !unused[use].includes("warehouses")
    ? { sources: [] }
    : { sources: [], warehouses: [usualWarehouse] }
  return { ...document, ...lists }
}

function isBlock(document: unknown): document is Record<string, unknown> {
  return typeof document === "object" && document !== null && !Array.isArray(document)
}
