import { setTimeout as sleep } from "node:timers/promises"
import { systemCode } from "../../configuration/setup-error.ts"
import { plainLine } from "../../domain/text-forms/plain-text.ts"
import { type ReloadAnswer, reloadable } from "../../server/reload-answers.ts"
import { configured } from "../configured.ts"
import { type ExitCode, failed } from "../operate.ts"
import { print } from "../output.ts"

const answerLimitMs = 60_000
const pollMs = 50

/** Has each process of this data folder read its configuration again, and prints what became of it. */
export async function reload(path: string | undefined): Promise<ExitCode> {
  const configuration = configured(path, "ask-api")
  if (configuration === undefined) return 2
  const { dataDir } = configuration
  const processes = await reloadable(dataDir)
  if (processes.length === 0) return failed(`no Millrace runs in ${dataDir}.`)
  const outcomes = await Promise.all(processes.map((one) => reloadOne(dataDir, one)))
  return outcomes.every((one) => one === 0) ? 0 : 1
}

async function reloadOne(dataDir: string, before: ReloadAnswer): Promise<0 | 1> {
  try {
    process.kill(before.pid, "SIGHUP")
  } catch (error) {
    if (systemCode(error) !== "EPERM") throw error
    return failed(`process ${before.pid} is another user's: run this as that user.`)
  }
  const deadline = performance.now() + answerLimitMs
  while (performance.now() < deadline) {
    const now = (await reloadable(dataDir)).find(({ pid }) => pid === before.pid)
    if (now === undefined) return failed(`process ${before.pid} has ended.`)
    if (now.last !== undefined && now.count > before.count) return told(now.last)
    await sleep(pollMs)
  }
  return failed(`process ${before.pid} has not reloaded within ${answerLimitMs / 1_000} s: see its log.`)
}

function told({ mistakes, applied, restart }: NonNullable<ReloadAnswer["last"]>): 0 | 1 {
  for (const mistake of mistakes) failed(mistake)
  if (mistakes.length > 0)
    return failed("the configuration was not reloaded; what applied before still does.")
  const keys = (list: string[]) => plainLine(list.join(", "))
  print(
    applied.length === 0
      ? "reloaded; no key has changed that a reload applies\n"
      : `reloaded: ${keys(applied)}\n`,
  )
  if (restart.length > 0) print(`! a restart is needed for: ${keys(restart)}\n`)
  return 0
}
