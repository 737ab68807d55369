/** Which test files a run takes, and which of them share a process. */
import { glob } from "node:fs/promises"
import { posix, sep } from "node:path"
import { readDurations } from "./durations.ts"
import type { Job } from "./schedule.ts"

/** An estimate, for the order. */
const unitFileSeconds = 0.3

export type Part = "quick" | "long" | "unit"

export interface Choice {
  part: Part
  /** Parts of paths; none: all. */
  paths: readonly string[]
}

export async function jobsOf(root: string, { part, paths }: Choice): Promise<Job[]> {
  const files: string[] = []
  for await (const found of glob("{src,test,bench,scripts}/**/*.test.ts", { cwd: root })) {
    const file = found.split(sep).join(posix.sep)
    if (partsOf(file).includes(part) && (paths.length === 0 || paths.some((path) => file.includes(path))))
      files.push(file)
  }
  return jobsFor(files.sort())
}

function partsOf(file: string): Part[] {
  if (file.endsWith(".long.test.ts")) return ["long"]
  return isUnit(file) ? ["quick", "unit"] : ["quick"]
}

/** Tests beside the code need no server: a test of `test/structure` holds that. */
function isUnit(file: string): boolean {
  return !file.startsWith("test/")
}

/** Most of the time of a short test is the start of its process: unit tests share one. */
function jobsFor(files: readonly string[]): Job[] {
  const secondsOf = readDurations()
  const unit = files.filter(isUnit)
  const others = files.filter((file) => !isUnit(file))
  const name = unit.length === 1 ? String(unit[0]) : `unit tests (${unit.length} files)`
  return [
    ...(unit.length === 0 ? [] : [{ name, files: unit, seconds: unit.length * unitFileSeconds }]),
    ...others.map((file) => ({ name: file, files: [file], seconds: secondsOf(file) })),
  ]
}
