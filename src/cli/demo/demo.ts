import { within } from "../../concurrency/deadline.ts"
import { SetupError } from "../../configuration/setup-error.ts"
import { exitNow } from "../../server/forced-exit.ts"
import { misused } from "../operate.ts"
import { complain } from "../output.ts"
import { newBelongings } from "./belongings.ts"
import { demoFolderName } from "./folder.ts"
import { missingPackages } from "./missing-packages.ts"
import { mostRowsWithProfiles } from "./profiles/people.ts"
import { count } from "./screen/progress.ts"
import { newScreen } from "./screen/screen.ts"
import type { Outcome, Stage } from "./screen/story.ts"
import { isPlay, plays } from "./sources.ts"
import { demoWarehouses, isWarehouse } from "./warehouse.ts"

const fewestRows = 200
/** Above what stopping Millrace and two database servers may take; past it the next demo cleans up. */
const stopLimitMs = 25_000

export interface DemoOptions {
  /** Compare everything and end, instead of running on. */
  once: boolean
  rows: string | undefined
  source: string | undefined
  warehouse: string | undefined
  /** Also apply policies, and show what two people see. */
  governance: boolean
  /** Also make profiles of people, and delete them. */
  profiles: boolean
}

/** See it work: a shop in a database of its own, live in the warehouse. */
export async function demo(options: DemoOptions): Promise<0 | 1 | 2> {
  const { once, rows, source: word = "postgres", warehouse = "duckdb", governance, profiles } = options
  if (!isPlay(word)) return misused(`--source must be one of ${Object.keys(plays).join(", ")}.`)
  if (!isWarehouse(warehouse))
    return misused(`--warehouse must be one of ${Object.keys(demoWarehouses).join(", ")}.`)
  if (governance && (word !== "postgres" || warehouse !== "duckdb"))
    return misused("--governance is shown with --source postgres and --warehouse duckdb only.")
  if (profiles && (word !== "postgres" || warehouse !== "duckdb" || governance))
    return misused(
      "--profiles is shown with --source postgres and --warehouse duckdb only, without --governance.",
    )
  const source = await plays[word]()
  const totalRows = rows === undefined ? source.usualRows : Number(rows)
  if (!Number.isInteger(totalRows) || totalRows < fewestRows || totalRows > source.mostRows)
    return misused(`--rows must be a whole number from ${fewestRows} to ${count(source.mostRows)}.`)
  const missing = profiles ? missingForProfiles(totalRows) : await source.missing()
  if (missing !== undefined) return misused(missing)
  const screen = newScreen(process.stdout, process.env)
  const stage: Stage = {
    screen,
    warehouse: demoWarehouses[warehouse],
    belongings: newBelongings(),
    once,
    governance,
    profiles,
    totalRows,
    keepFolder: false,
    hasFolder: false,
  }
  // Listening first: whoever reads the story's first line may end it.
  const asked = endAsked()
  const ended = await Promise.race([endingOf(source.story(stage)), asked])
  // What went wrong may be worth a look at the log; otherwise nothing stays behind.
  stage.keepFolder = ended.kind === "failed"
  screen.endLiveForGood()
  if (ended.kind === "asked" && !ended.quietly) screen.say(screen.isLive ? "\nStopping …" : "Stopping …")
  const stopped = await stopAll(stage)
  const code = conclude(ended, stage)
  return stopped ? code : 1
}

function missingForProfiles(totalRows: number): string | undefined {
  if (totalRows > mostRowsWithProfiles)
    return `--profiles is shown with at most ${count(mostRowsWithProfiles)} rows.`
  return missingPackages("profiles", ["@20minutes/s3rver"])
}

type Ended = Outcome | { kind: "failed"; error: unknown } | { kind: "asked"; quietly: boolean }

async function endingOf(playing: Promise<Outcome>): Promise<Ended> {
  try {
    return await playing
  } catch (error) {
    return { kind: "failed", error }
  }
}

/** Resolves at Ctrl-C and its like, and when nobody reads what we print. A second Ctrl-C ends the process at once. */
function endAsked(): Promise<Ended> {
  return new Promise((resolve) => {
    process.stdout.on("error", () => resolve({ kind: "asked", quietly: true }))
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        process.once(signal, () => exitNow(1))
        resolve({ kind: "asked", quietly: signal === "SIGHUP" })
      })
    }
  })
}

/** Whether everything stopped, and in time. */
async function stopAll({ belongings }: Stage): Promise<boolean> {
  let failed = false
  const stopping = belongings.stopAll((error) => {
    failed = true
    complain(`something did not stop cleanly: ${messageOf(error)}`)
  })
  if ((await within(stopLimitMs, stopping)) === "late") {
    complain("something did not stop in time; the next demo here cleans up.")
    exitNow(1)
  }
  return !failed
}

function conclude(ended: Ended, { screen, once, hasFolder }: Stage): 0 | 1 {
  switch (ended.kind) {
    case "equal":
      screen.say(ended.line)
      return 0
    case "different":
      return 1
    case "asked":
      if (!ended.quietly) screen.say("Stopped; the data of the demo is removed.")
      return once ? 1 : 0
    case "failed": {
      const { error } = ended
      complain(error instanceof SetupError ? error.message : detailsOf(error))
      if (hasFolder) complain(`the log is ${demoFolderName}/log.`)
      return 1
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function detailsOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
