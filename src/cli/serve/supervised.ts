/** One of the two processes under `serve`'s supervisor, which starts it; it is no command. */
import { SetupError } from "../../configuration/setup-error.ts"
import { plainLine } from "../../domain/text-forms/plain-text.ts"
import { exitNow } from "../../server/forced-exit.ts"
import { aliveEveryMs, type ChildFacts, type ChildStart } from "../../server/isolated/child-start.ts"
import { preloadChild, runChild } from "../../server/isolated/run-child.ts"
import { newLog } from "../../server/log/log.ts"
import { liveAsChild } from "../../supervisor/in-child.ts"
import { complain } from "../output.ts"
import { stopWithin } from "./stopping.ts"

/** Below what the supervisor waits. */
const stopLimitMs = 6_000

process.title = `millrace ${process.argv[2] ?? ""}`

async function run(start: ChildStart) {
  try {
    return await runChild({
      start,
      log: newLog(start.configuration.log),
      stopServer: (server) => stopWithin(server, stopLimitMs),
      onBroken: (reason) =>
        complain(`the warehouse engine has failed, nothing is lost: ${plainLine(reason)}`),
    })
  } catch (error) {
    complain(
      error instanceof SetupError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error),
    )
    return exitNow(1)
  }
}

const [status] = await Promise.all([
  liveAsChild<ChildStart, ChildFacts>({ run, exit: exitNow, aliveEveryMs }),
  preloadChild(process.argv[2]),
])
process.exitCode = status
