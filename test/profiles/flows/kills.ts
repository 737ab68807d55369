import assert from "node:assert/strict"
import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { recordsAtOnce } from "../../../src/profiles/flows/readers/reader.ts"
import type { FlowPoint } from "../../../src/profiles/flows/runs/write-order.ts"
import { type TestBucket, testBucket } from "../../support/s3/server.ts"
import { domainWith } from "../scene.ts"
import { contact, flowsForTests, s3Flow } from "./scene.ts"

const records = recordsAtOnce + 500

/** Kills a process at each of these points, at the nth time that it passes there; the next one ends the run. */
export function killsInRuns(kills: readonly (readonly [FlowPoint, count: number])[]): void {
  describe("a process is killed in a run of a flow", () => {
    const flows = flowsForTests()
    let bucket: TestBucket
    const closers: (() => unknown)[] = []
    before(async () => {
      bucket = await testBucket({ after: (close: () => unknown) => void closers.push(close) } as never)
      const rows = Array.from({ length: records }, (_, n) => `${n},p${n % 1_000}@example.com,N${n}`)
      // One record of the first batch, and one of the second, is refused.
      rows[3] = ",no@example.com,Nobody"
      rows[records - 1] = "x,y,z,too many"
      await bucket.put("kill/1.csv", ["id,email,name", ...rows].join("\n"))
      await bucket.put("kill/2.csv", "id,email,name\nlast,last@example.com,Last\n")
    })
    after(async () => {
      for (const close of closers) await close()
    })

    async function dieAt(point: FlowPoint, count: number): Promise<void> {
      const child = fork(join(import.meta.dirname, "child.ts"), {
        env: {
          ...process.env,
          MILLRACE_KILL_AT: point,
          MILLRACE_KILL_COUNT: String(count),
          MILLRACE_STATE_URL: flows.url,
          MILLRACE_S3: bucket.endpoint,
          MILLRACE_FOLDER: flows.folder,
        },
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      })
      const [, signal] = (await once(child, "exit")) as [number | null, string | null]
      assert.equal(signal, "SIGKILL", `the process dies at ${point}`)
    }

    for (const [point, count] of kills)
      test(`at ${point}, time ${count}`, async () => {
        const domain = await domainWith(flows.store.profiles, [contact])
        await flows.put(domain, { flowDefinition: s3Flow(`kill-${point}-${count}`, "kill") })
        await dieAt(point, count)
        const run = await flows.running({ s3Endpoint: bucket.endpoint }, () => flows.ended(domain))
        assert.deepEqual(
          [run.status, run.recordsProcessed, run.recordsIngested, run.recordsRefused],
          ["Successful", records + 1, records - 1, 2],
        )
        const { domain: counts } = await flows.store.profiles.read(domain)
        assert.deepEqual([counts.objectCount, counts.profileCount], [records - 1, 1_001])
        assert.equal((await flows.store.deadLetters.list(domain, 10)).length, 2)
        assert.equal((await flows.runs(domain)).length, 1)
        await flows.store.profileIntegrations.remove(domain, run.uri)
      })
  })
}
