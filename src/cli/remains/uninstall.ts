import { once } from "node:events"
import { createInterface } from "node:readline"
import { SetupError } from "../../configuration/setup-error.ts"
import { Problem, reportOf } from "../../domain/problems.ts"
import { plainLine } from "../../domain/text-forms/plain-text.ts"
import { newLog } from "../../server/log/log.ts"
import { type AtSource, openUninstall, type Removable, type Uninstall } from "../../server/uninstall.ts"
import { configured } from "../configured.ts"
import { type ExitCode, failed, misused } from "../operate.ts"
import { print } from "../output.ts"

export interface UninstallOptions {
  dryRun: boolean
  yes: boolean
  config: string | undefined
}

/** Removes what a Millrace that does not run has at sources, and lists what stays. 1: something of it could not be removed. */
export async function uninstall({ dryRun, yes, config }: UninstallOptions): Promise<ExitCode> {
  if (!dryRun && !yes && !process.stdin.isTTY)
    return misused(
      "uninstall asks before it removes anything: give --yes, or --dry-run to see what there is.",
    )
  const configuration = configured(config)
  if (configuration === undefined) return 2
  let found: Uninstall
  try {
    found = await openUninstall(configuration, newLog({ level: "error", format: "pretty" }))
  } catch (error) {
    if (error instanceof SetupError) return failed(error.message)
    throw error
  }
  try {
    show(found)
    if (dryRun) return 0
    return await removeAll(found, { isAgreed: yes })
  } finally {
    await found.close()
  }
}

function show({ atSources, ofOthers, stays }: Uninstall): void {
  print(`at sources: ${atSources.length === 0 ? "nothing" : atSources.length}\n`)
  for (const one of atSources) print(`  ${plainLine(described(one))}\n`)
  if (ofOthers.length > 0) print("of no integration here, or not looked at; nothing of it is removed:\n")
  for (const { what, remedy } of ofOthers) print(`  ${plainLine(what)}\n    ${plainLine(remedy)}\n`)
  print("stays, until somebody removes it:\n")
  for (const one of stays) print(`  ${plainLine(one)}\n`)
}

function described(one: AtSource): string {
  const { sourceArn, database, handle, integration } = one
  const of = integration === undefined ? "a deleted integration" : `integration ${integration}`
  const place = `${sourceArn}, database ${database}: slot and publication ${handle} of ${of}`
  if (one.kind === "unremovable") return `${place}: cannot be removed: ${one.why} ${one.remedy}`
  return one.retainedBytes === undefined
    ? `${place}; no slot is there`
    : `${place}; the source keeps ${one.retainedBytes} bytes of its log for it`
}

async function removeAll(found: Uninstall, { isAgreed }: { isAgreed: boolean }): Promise<ExitCode> {
  const removable = found.atSources.filter((one): one is Removable => one.kind === "removable")
  const hasOthers = removable.length < found.atSources.length
  if (removable.length === 0) return hasOthers ? 1 : 0
  if (!isAgreed && !(await agrees())) {
    print("nothing was removed\n")
    return 1
  }
  let hasFailed = hasOthers
  for (const one of removable) hasFailed = !(await isRemoved(found, one)) || hasFailed
  return hasFailed ? 1 : 0
}

async function isRemoved(found: Uninstall, one: Removable): Promise<boolean> {
  try {
    await found.remove(one)
    print(`removed ${plainLine(one.handle)} from ${plainLine(one.sourceArn)}\n`)
    return true
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const byHand = one.source.removal?.(one.handle) ?? ""
    print(`not removed: ${plainLine(`${one.handle}: ${reportOf(error).message} ${byHand}`)}\n`)
    return false
  }
}

async function agrees(): Promise<boolean> {
  print(
    "Remove from the sources what is listed there? Integrations resync if Millrace is started again. [y/N] ",
  )
  const lines = createInterface({ input: process.stdin })
  const [answer] = await Promise.race([once(lines, "line"), once(lines, "close").then(() => [""])])
  lines.close()
  return /^y(es)?$/i.test(String(answer).trim())
}
