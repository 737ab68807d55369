import { type Outcome, type Stage, story } from "./screen/story.ts"
import type { DemoSource, Setting } from "./source.ts"

export interface Play extends Setting {
  story(stage: Stage): Promise<Outcome>
}

/** By the word that --source takes. Loaded when asked for: no one waits for another's driver. */
export const plays = {
  postgres: async () => inShop((await import("./postgres/source.ts")).postgresDemo),
  mysql: async () => inShop((await import("./mysql/source.ts")).mysqlDemo),
  dynamodb: async () => inShop((await import("./dynamodb/source.ts")).dynamoDbDemo),
  s3: async () => (await import("./s3/story.ts")).s3Demo,
} satisfies Record<string, () => Promise<Play>>

function inShop(source: DemoSource): Play {
  return { ...source, story: (stage) => story(stage, source) }
}

export function isPlay(word: string): word is keyof typeof plays {
  return Object.hasOwn(plays, word)
}
