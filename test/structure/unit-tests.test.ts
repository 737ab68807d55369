/** Tests beside the code are `npm run test:unit`: they need no server, and share one process. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { filesOf, valueImportsOf } from "./source-files.ts"

/** What starts servers, or hands out databases of them. */
const servers =
  /^(?:src\/embedded-postgres\/server|test\/support\/(?:postgres|(?:mysql|dynamodb|s3)\/server))\.ts$/

test("a test beside the code needs no server: one that does lies in test/", async () => {
  const files = new Map((await filesOf("{src,test}/**/*.ts")).map((file) => [file.path, file]))
  function wayToServer(path: string, seen: Set<string>): string[] | undefined {
    if (servers.test(path)) return [path]
    const file = files.get(path)
    if (file === undefined || seen.has(path)) return undefined
    seen.add(path)
    for (const next of valueImportsOf(file)) {
      const way = wayToServer(next, seen)
      if (way !== undefined) return [path, ...way]
    }
    return undefined
  }
  assert.equal([...files.keys()].filter((path) => servers.test(path)).length, 5)
  const beside = [...files.keys()].filter((path) => path.startsWith("src/") && path.endsWith(".test.ts"))
  assert.ok(beside.length > 50)
  const ways = beside.flatMap((path) => wayToServer(path, new Set())?.join(" → ") ?? [])
  assert.deepEqual(ways, [])
})
