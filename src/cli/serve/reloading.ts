import { closeSync, openSync } from "node:fs"
import { newSerialQueue } from "../../concurrency/serial-queue.ts"
import { loadConfiguration } from "../../configuration/load.ts"
import { reloaded } from "../../configuration/reload/reload.ts"
import { portCertificate } from "../../configuration/secrets/port-certificate.ts"
import { SetupError } from "../../configuration/setup-error.ts"
import type { Configuration } from "../../domain/configuration.ts"
import { plainLine } from "../../domain/text-forms/plain-text.ts"
import { engines } from "../../server/registries.ts"
import { answerReloads, type ReloadOutcome } from "../../server/reload-answers.ts"
import { errorFields, type Log } from "../../wire/http/log.ts"

export interface ReloadingOptions {
  /** As the process was started with. */
  configuration: Configuration
  /** Of the file, as the command line gives it. */
  path: string | undefined
  log: Log
}

/** Has what runs take over another configuration. Why it could not, one line each. @throws SetupError */
export type TakeOver = (next: Configuration) => Promise<string[]>

export interface Reloading {
  /** From now on reloads are done; those that came before, now. */
  begin(takeOver: TakeOver): Promise<void>
  /** No more are done. */
  end(): Promise<void>
}

/**
 * SIGHUP has the configuration read again, from the first call on. Of a process that was started on a terminal, SIGHUP also comes when that is
 * closed: then it means to stop, as SIGTERM does.
 */
export function reloadAtHangUp({ configuration, path, log }: ReloadingOptions): Reloading {
  const hadTerminal = hasTerminal()
  const started = Promise.withResolvers<{ takeOver: TakeOver; tell(outcome: ReloadOutcome): Promise<void> }>()
  const inTurn = newSerialQueue()
  let current = configuration
  let leave: () => Promise<void> = async () => undefined
  let hasEnded = false
  const reload = async () => {
    const { takeOver, tell } = await started.promise
    if (hasEnded) return
    const { outcome, now } = await reloadOnce({ current, path, takeOver })
    current = now
    say(log, outcome)
    await tell(outcome)
  }
  process.on("SIGHUP", () => {
    if (hadTerminal && !hasTerminal()) return void process.emit("SIGTERM", "SIGTERM")
    inTurn(reload).catch((error: unknown) => log.error(errorFields(error), "reloading failed"))
  })
  return {
    async begin(takeOver) {
      const answers = await answerReloads(configuration.dataDir)
      leave = answers.leave
      started.resolve({ takeOver, tell: answers.tell })
    },
    async end() {
      hasEnded = true
      await leave()
    },
  }
}

interface OneReload {
  current: Configuration
  path: string | undefined
  takeOver: TakeOver
}

/** `now`: what applies after it. */
async function reloadOnce({ current, path, takeOver }: OneReload): Promise<{
  outcome: ReloadOutcome
  now: Configuration
}> {
  const refused = (mistakes: string[]) => ({
    outcome: { mistakes: mistakes.map(plainLine), applied: [], restart: [] },
    now: current,
  })
  try {
    const loaded = loadConfiguration(path, process.env, engines)
    if ("mistakes" in loaded) return refused(loaded.mistakes)
    // The command line's choice of the format of logs stays.
    const { configuration, applied, restart } = reloaded(current, {
      ...loaded.ok,
      log: { ...loaded.ok.log, format: current.log.format },
    })
    await portCertificate(configuration)
    const mistakes = await takeOver(configuration)
    return { outcome: { mistakes: mistakes.map(plainLine), applied, restart }, now: configuration }
  } catch (error) {
    if (error instanceof SetupError) return refused([error.message])
    throw error
  }
}

function say(log: Log, { mistakes, applied, restart }: ReloadOutcome): void {
  for (const mistake of mistakes) log.error({ mistake }, "the configuration was not reloaded")
  if (mistakes.length > 0) return
  log.info({ applied }, "the configuration was reloaded")
  if (restart.length > 0) log.warn({ keys: restart }, "these keys of the configuration need a restart")
}

/** Whether this process has a terminal that signals it; a hang-up takes it away. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"))
    return true
  } catch {
    return false // ENXIO, ENOENT, EACCES: each means that none will hang up
  }
}
