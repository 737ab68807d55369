/** What `npm test` was asked for. */
import { relative } from "node:path"
import { parseArgs } from "node:util"
import type { Part } from "./jobs.ts"

export interface Command {
  part: Part
  /** Parts of paths; none: all. */
  paths: string[]
  /** How often everything is run. */
  runs: number
  /** Writes down how long files took. */
  isRecorded: boolean
}

/** Throws with a message for the user. */
export function commandFrom(args: string[], root: string): Command {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      long: { type: "boolean", default: false },
      unit: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
      runs: { type: "string", default: "1" },
    },
  })
  const runs = Number(values.runs)
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs takes a whole number, not ${values.runs}`)
  return {
    part: values.long ? "long" : values.unit ? "unit" : "quick",
    paths: positionals.map((path) => relative(root, path) || path),
    runs,
    isRecorded: values.record,
  }
}
