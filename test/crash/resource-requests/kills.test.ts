/** A process dies over a request about a resource: the next one ends it, and its effect is made once. */
import { after, before, describe, test } from "node:test"
import { type KillScene, killScene } from "./kills.ts"

describe("a process is killed while it carries out a request", () => {
  let scene: KillScene
  before(async () => {
    scene = await killScene()
  })
  after(() => scene.close())

  test("before a creation began", () => scene.killed("CREATE", "begun"))
  test("after the integration was made, and before that was noted", () =>
    scene.killed("CREATE", "effectMade", "waited for"))
  test("after the integration was made, which somebody deletes then", () => scene.deletedMeanwhile())
  test("after an update was made, and before that was noted", () => scene.killed("UPDATE", "effectMade"))
  test("after a deletion had settled, and before its end was told", () => scene.killed("DELETE", "settled"))
})
