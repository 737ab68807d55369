import type { Outcome } from "./test-process.ts"

/** Shown when a job has ended: as a block, since others run beside it. */
export function showOutcome(outcome: Outcome): void {
  const { job, failed, wallSeconds, processorSeconds, shown } = outcome
  const mark = failed.length > 0 ? "✖" : "✔"
  const processor = processorSeconds === undefined ? "" : `, processor ${processorSeconds.toFixed(1)} s`
  console.log(`${mark} ${job.name} (${wallSeconds.toFixed(1)} s${processor})`)
  if (shown.trim() !== "") console.log(indented(shown))
  for (const { name, message } of failed) console.log(`  FAILED ${name}: ${message}`)
}

function indented(text: string): string {
  return text.trimEnd().replace(/^(?=.)/gm, "  ")
}

export interface Counts {
  passed: number
  /** Names of tests with their files. */
  failed: string[]
  /** Names with their files and reasons. */
  skipped: string[]
}

export function countsOf(outcomes: readonly Outcome[]): Counts {
  return {
    passed: outcomes.reduce((sum, { passed }) => sum + passed, 0),
    failed: outcomes.flatMap(({ job, failed }) =>
      failed.map(({ name, file }) => `${file || job.name}: ${name}`),
    ),
    skipped: outcomes.flatMap(({ job, skipped }) =>
      skipped.map(
        ({ name, file, reason }) => `${file || job.name}: ${name}${reason === "" ? "" : ` (${reason})`}`,
      ),
    ),
  }
}

/** The last lines of a run. */
export function showCounts({ passed, failed, skipped }: Counts): void {
  for (const name of skipped) console.log(`SKIPPED ${name}`)
  for (const name of failed) console.log(`FAILED ${name}`)
  console.log(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`)
}

/** Which tests failed in how many of the runs. */
export function showFailuresOfRuns(runs: readonly Counts[]): void {
  const times = new Map<string, number>()
  for (const { failed } of runs)
    for (const name of new Set(failed)) times.set(name, (times.get(name) ?? 0) + 1)
  for (const [name, count] of [...times].sort(([, one], [, other]) => other - one))
    console.log(`failed in ${count} of ${runs.length} runs: ${name}`)
  console.log(
    `${runs.filter(({ failed }) => failed.length === 0).length} of ${runs.length} runs without a failure`,
  )
}
