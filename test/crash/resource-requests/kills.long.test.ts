/** As `kills.test.ts`, at every point of every operation. */
import { after, before, describe, test } from "node:test"
import { type KillScene, killScene, type Operation } from "./kills.ts"

const operations: Operation[] = ["CREATE", "UPDATE", "DELETE"]
const points = ["taken", "begun", "effectMade", "madeNoted", "settled", "ended"] as const

describe("a process is killed while it carries out a request, anywhere", () => {
  let scene: KillScene
  before(async () => {
    scene = await killScene()
  })
  after(() => scene.close())

  for (const operation of operations)
    for (const point of points) test(`${operation} at ${point}`, () => scene.killed(operation, point))
})
