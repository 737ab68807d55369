import { extname, join } from "node:path"
import type { ListenTls } from "../../domain/configuration.ts"
import { portsOf, type RunningIsolation, startIsolated, unsaidEnd } from "../../server/isolated/supervise.ts"
import { newLog } from "../../server/log/log.ts"
import type { ExitCode } from "../operate.ts"
import { complain, print } from "../output.ts"
import { compileAhead } from "./compiled-code.ts"
import { configuredToServe, type ServeOptions } from "./options.ts"
import { readyLine } from "./ready-line.ts"
import { reloadAtHangUp } from "./reloading.ts"
import { serviceManager } from "./service-manager.ts"
import { stopSignal, stopWithin } from "./stopping.ts"

/** Above what a graceful stop needs; past it the processes end as they are, which a restart recovers from. */
const stopLimitMs = 9_000

/** Compiled, this file and its neighbours have another extension. */
const childProgram = join(import.meta.dirname, `supervised${extname(import.meta.filename)}`)

/** Runs `serve` as a supervisor over a process for the API and one for the engine, until SIGINT or SIGTERM. */
export async function supervise(options: ServeOptions): Promise<ExitCode> {
  const configuration = configuredToServe(options)
  if (configuration === undefined) return 2
  // Some files are the engine's to make, as the warehouse's are: nobody else reads them, whoever made the folder.
  process.umask(0o077)
  process.title = "millrace supervisor"
  // When a second signal ends this process, the two others end with it.
  const stopped = stopSignal()
  const log = newLog(configuration.log)
  const reloading = reloadAtHangUp({ configuration, path: options.config, log })
  const manager = serviceManager(process.env, (message) => log.warn({}, message))
  const running = await startIsolated({ configuration, childProgram, log })
  const { tls } = configuration.listen
  const isStarted = await Promise.race([tellStart(running, tls), stopped.then(() => true)])
  if (isStarted) {
    await reloading.begin(running.reload)
    await manager.ready("running")
    compileAhead(log)
    await stopped
  }
  await reloading.end()
  await manager.stopping()
  let isOrderly = false
  const stop = async () => {
    isOrderly = await running.stop()
  }
  const outcome = await stopWithin({ stop }, stopLimitMs)
  return isStarted && isOrderly ? outcome : 1
}

/** `false`: one of the processes did not start. */
async function tellStart(running: RunningIsolation, tls: ListenTls | undefined): Promise<boolean> {
  const how = await running.started
  if (!("ended" in how)) {
    print(`${readyLine(portsOf(how), { tls })}\n`)
    return true
  }
  const unsaid = unsaidEnd(how)
  if (unsaid !== undefined) complain(unsaid)
  return false
}
