/** What the official clients bring for our operations beyond single calls is tried. */
import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import * as rds from "@aws-sdk/client-rds"
import * as redshift from "@aws-sdk/client-redshift"
import { rdsService } from "../../src/front-doors/rds/operations.ts"
import { redshiftService } from "../../src/front-doors/redshift/operations.ts"
import { filesOf } from "./source-files.ts"

/** `waitUntilX` asks by the command that its file imports. */
async function waitsBy(client: string, waiter: string): Promise<string> {
  const folder = join(dirname(fileURLToPath(import.meta.resolve(client))), "..", "dist-es", "waiters")
  const text = await readFile(join(folder, `${waiter.replace("waitUntil", "waitFor")}.js`), "utf8")
  return /(\w+)Command,? \} from "\.\.\/commands/.exec(text)?.[1] ?? ""
}

for (const [name, client, service] of [
  ["@aws-sdk/client-rds", rds, rdsService],
  ["@aws-sdk/client-redshift", redshift, redshiftService],
] as const) {
  test(`every paginator and waiter of ${name} that asks by an operation of ours is in a test`, async () => {
    const exported = Object.keys(client)
    const paginators = Object.keys(service.operations).map((operation) => `paginate${operation}`)
    const wanted = exported.filter((one) => paginators.includes(one))
    for (const waiter of exported.filter((one) => one.startsWith("waitUntil")))
      if (Object.hasOwn(service.operations, await waitsBy(name, waiter))) wanted.push(waiter)
    assert.ok(wanted.length > 5, `only ${wanted.join(" ")}`)
    const tests = (await filesOf("test/conformance/**/*.test.ts")).filter(({ text }) =>
      text.includes(`"${name}"`),
    )
    const missing = wanted.filter((one) => !tests.some(({ text }) => text.includes(`${one}(`)))
    assert.deepEqual(missing, [])
  })
}
