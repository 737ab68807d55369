import { stringify } from "yaml"
import { shownConfiguration } from "../configuration/listing/shown.ts"
import { writtenConfiguration } from "../configuration/load.ts"
import { foldersOfOthers } from "../configuration/trust/private-folder.ts"
import { plainLine, plainLines } from "../domain/text-forms/plain-text.ts"
import { engines } from "../server/registries.ts"
import { configured } from "./configured.ts"
import { type ExitCode, failed, misused } from "./operate.ts"
import { print, printJson } from "./output.ts"

export interface ConfigOptions {
  action: string
  json: boolean
  path: string | undefined
}

/** Judges the configuration, or prints what applies; connects to nothing. */
export async function config({ action, json, path }: ConfigOptions): Promise<ExitCode> {
  if (action !== "check" && action !== "show") return misused("config takes check or show.")
  const configuration = configured(path)
  if (configuration === undefined) return 2
  const written = writtenConfiguration(path)
  if ("mistakes" in written) return failed(written.mistakes.join("\n"))
  if (action === "show") {
    const document = shownConfiguration(written.document, engines)
    if (json) printJson(document)
    else
      print(`# ${plainLine(written.file)}, with what it leaves out, without secrets\n${stringify(document)}`)
    return 0
  }
  const folders = plainLines(foldersOfOthers(configuration))
  print(`configuration: ${folders.length === 0 ? "ok" : `${folders.length} to mend`}\n`)
  for (const folder of folders) print(`  error: ${folder}\n`)
  return folders.length === 0 ? 0 : 1
}
