import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join, relative, sep } from "node:path"
import { plainLine } from "../../domain/text-forms/plain-text.ts"
import { askMillrace } from "../asking/operations-request.ts"
import { type ExitCode, failed, misused, operating } from "../operate.ts"
import { complain, print, printJson } from "../output.ts"
import { textTable } from "../text-table.ts"

interface CodeFile {
  name: string
  text: string
}

/** What files change, as it comes over the wire. */
interface Told {
  changes: { action: "create" | "update" | "delete"; kind: string; key: string; members: string[] }[]
  effects: Effect[]
  more: boolean
}

interface Effect {
  person: string
  source: string
  rows: { before: string; after: string }
  areOtherRows: boolean
  columns: { name: string; before: string; after: string }[]
}

export interface CodeRequest {
  action: string
  folder: string
  json: boolean
  config: string | undefined
}

/** Governs by the YAML files of a folder: shows what they would change and for whom, makes it so, or writes what there is. */
export async function governByCode(request: CodeRequest): Promise<ExitCode> {
  switch (request.action) {
    case "plan":
    case "apply":
      return await sent(request, request.action)
    case "export":
      return await exported(request)
    default:
      return misused("governance takes one of plan, apply and export, and a folder.")
  }
}

async function sent({ folder, json, config }: CodeRequest, action: "plan" | "apply"): Promise<ExitCode> {
  const files = await yamlFiles(folder)
  if (typeof files === "string") return failed(files)
  return await operating(config, "admin", async (access) => {
    const request = { method: "POST", path: `/governance/${action}`, body: { files } } as const
    const told = await askMillrace<Told>(access, request)
    if (typeof told === "string") {
      // A line for each mistake: `file:line: what is wrong`.
      for (const line of told.split("\n")) complain(plainLine(line))
      return 1
    }
    if (json) printJson(told)
    else print(described(told, action))
    return 0
  })
}

/** In words what keeps us from them. */
async function yamlFiles(folder: string): Promise<CodeFile[] | string> {
  try {
    const all = await readdir(folder, { recursive: true, withFileTypes: true })
    const paths = all
      .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
    if (paths.length === 0) return `there is no YAML file in ${folder}.`
    const read = paths.map(async (path) => ({
      name: relative(folder, path).split(sep).join("/"),
      text: await readFile(path, "utf8"),
    }))
    return await Promise.all(read)
  } catch (error) {
    return `${folder} cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
}

async function exported({ folder, json, config }: CodeRequest): Promise<ExitCode> {
  return await operating(config, "admin", async (access) => {
    const told = await askMillrace<{ files: CodeFile[] }>(access, {
      method: "GET",
      path: "/governance/export",
    })
    if (typeof told === "string") return failed(told)
    const problem = await written(folder, told.files)
    if (problem !== undefined) return failed(problem)
    if (json) printJson({ files: told.files.map(({ name }) => name) })
    else print(`wrote ${told.files.map(({ name }) => name).join(", ")} into ${plainLine(folder)}\n`)
    return 0
  })
}

/** Only files that an export wrote are replaced: an entry that stands in two files is refused. */
async function written(folder: string, files: readonly CodeFile[]): Promise<string | undefined> {
  try {
    await mkdir(folder, { recursive: true })
    const others = (await readdir(folder, { recursive: true })).filter(
      (name) => /\.ya?ml$/.test(name) && !files.some((file) => file.name === name),
    )
    if (others.length > 0)
      return `${folder} has other YAML files, such as ${others[0]}: name an empty folder.`
    for (const { name, text } of files) await writeFile(join(folder, name), text)
    return undefined
  } catch (error) {
    return `${folder} cannot be written: ${error instanceof Error ? error.message : String(error)}`
  }
}

const signs = { create: "+", update: "~", delete: "-" }

export function described({ changes, effects, more }: Told, action: "plan" | "apply"): string {
  if (changes.length === 0) return "nothing to change\n"
  const lines = changes.map(({ action: what, kind, key, members }) =>
    plainLine(`${signs[what]} ${kind} ${key}${members.length === 0 ? "" : `: ${members.join(", ")}`}`),
  )
  const people = new Set(effects.map(({ person }) => person)).size
  const all = more ? "at least " : ""
  const summary = `${changes.length} ${action === "plan" ? "to change" : "changed"}; ${all}${people} ${people === 1 ? "person sees" : "people see"} other rows or values.`
  const parts = [lines.join("\n"), ...(effects.length === 0 ? [] : [effectsTable(effects)]), summary]
  return `${parts.map((part) => part.trimEnd()).join("\n\n")}\n`
}

function effectsTable(effects: readonly Effect[]): string {
  return textTable(
    ["person", "source", "rows", "columns"],
    effects.map(({ person, source, rows, areOtherRows, columns }) => [
      person,
      source,
      rows.before === rows.after
        ? `${rows.after}${areOtherRows ? " (others)" : ""}`
        : `${rows.before} -> ${rows.after}`,
      columns.map((one) => `${one.name}: ${one.before} -> ${one.after}`).join(", "),
    ]),
  )
}
