import type { TestContext } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import pg from "pg"

/** What the machine takes for next to nothing while something else is being timed. */
export interface Control {
  /**
   * What a busy machine may add to a time limit, in ms: five times the longest that one wait of 10 ms and one statement took
   * beyond these 10 ms. What reacts within a limit takes some five of such steps. An idle machine adds some 20 ms.
   */
  slackMs(): number
}

const stepsInReaction = 5
const pauseMs = 10

/** Until the test ends. `ask` sends one statement that waits for nothing. */
export function startControl(context: TestContext, ask: () => Promise<unknown>): Control {
  let longestMs = 0
  let isOver = false
  async function look(): Promise<void> {
    while (!isOver) {
      const sinceMs = performance.now()
      await delay(pauseMs)
      await ask()
      longestMs = Math.max(longestMs, performance.now() - sinceMs - pauseMs)
    }
  }
  let broken: unknown
  // The server may be gone before the test's end has come to this.
  const looking = look().catch((error: unknown) => {
    broken = error
  })
  context.after(async () => {
    isOver = true
    await looking
  })
  return {
    slackMs() {
      if (broken !== undefined) throw broken
      return longestMs * stepsInReaction
    },
  }
}

/** By a session of its own at a PostgreSQL. */
export async function controlAt(context: TestContext, url: string): Promise<Control> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  const control = startControl(context, () => client.query("SELECT 1"))
  context.after(() => client.end())
  return control
}
