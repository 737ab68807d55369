import { test } from "node:test"
import { chosenSeed, killAtRandom } from "./random-kills.ts"

test("nothing is lost or doubled by 500 kills at random moments", async (context) => {
  await killAtRandom(context, 500, chosenSeed())
})
