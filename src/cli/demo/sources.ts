import type { DemoSource } from "./source.ts"

/** By the word that --source takes. Loaded when asked for: no one waits for another's driver. */
export const demoSources = {
  postgres: async () => (await import("./postgres/source.ts")).postgresDemo,
  mysql: async () => (await import("./mysql/source.ts")).mysqlDemo,
  dynamodb: async () => (await import("./dynamodb/source.ts")).dynamoDbDemo,
} satisfies Record<string, () => Promise<DemoSource>>

export type DemoSourceName = keyof typeof demoSources

export function isDemoSource(word: string): word is DemoSourceName {
  return Object.hasOwn(demoSources, word)
}
