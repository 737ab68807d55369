import { relative } from "node:path"
import type { run, TestsStream } from "node:test"
import { spec as specReporter } from "node:test/reporters"

type TestEvents = ReturnType<typeof run>

export interface Counts {
  passed: number
  failed: number
  /** Names with their reasons. */
  skipped: string[]
}

/** Shows the run as Node's own reporter does, and counts single tests (not the suites around them). */
export async function show(stream: TestEvents & TestsStream): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: [] }
  stream.on("test:pass", (event) => {
    if (event.details.type === "suite") return
    if (event.skip !== undefined) counts.skipped.push(skippedName(event))
    else counts.passed++
  })
  stream.on("test:fail", ({ details, todo }) => {
    const cause = details.error as Error & { failureType?: string }
    if (cause.failureType !== "subtestsFailed" && todo === undefined) counts.failed++
  })
  const shown = stream.compose(specReporter)
  for await (const text of shown) process.stdout.write(text as string)
  return counts
}

function skippedName(event: { name: string; file?: string; skip?: string | boolean }): string {
  const file = event.file ? `${relative(process.cwd(), event.file)}: ` : ""
  return `${file}${event.name}${typeof event.skip === "string" ? ` (${event.skip})` : ""}`
}

/** Calls `onSilence` whenever nothing has been heard of any test for `limitMs`. Returns what ends the watch. */
export function watchForSilence(stream: TestsStream, limitMs: number, onSilence: () => void): () => void {
  const timer = setTimeout(function again() {
    onSilence()
    timer.refresh()
  }, limitMs)
  for (const event of ["test:start", "test:pass", "test:fail"] as const)
    stream.on(event, () => timer.refresh())
  return () => clearTimeout(timer)
}
