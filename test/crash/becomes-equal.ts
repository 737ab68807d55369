import assert from "node:assert/strict"
import { Problem } from "../../src/domain/problems.ts"
import { waitUntil } from "../support/wait-until.ts"
import { asScripted } from "./scripted-faults/scripted-faults.ts"

/** A pipeline on a busy machine may begin to wait because of the fault only now: that is not the end of it. */
export async function becomesEqual(pipeline: { differences(): Promise<string[]> }): Promise<void> {
  let found: string[] = []
  await waitUntil(
    async () => {
      try {
        found = await pipeline.differences()
        return true
      } catch (error) {
        if (error instanceof Problem && error.message.includes(asScripted)) return false
        throw error
      }
    },
    { what: "the pipeline to go on after the fault", timeoutMs: 60_000 },
  )
  assert.deepEqual(found, [])
}
