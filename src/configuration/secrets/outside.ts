/** Secrets that stand outside millrace.yaml: in files that an orchestrator mounts, or behind a command of a password store. */
import { spawnSync } from "node:child_process"
import { closeSync, openSync, readSync } from "node:fs"
import { resolve } from "node:path"
import { systemCode } from "../setup-error.ts"
import { intrusion } from "../trust/trusted-path.ts"

/** A text, or why there is none: never with what was read. */
export type Reading = { text: string } | { mistake: string }

const bytesAtMost = 64 * 1024
const commandLimitMs = 10_000

/** What a file holds, without the end of its last line. Relative paths start from `folder`. */
export function fileText(given: string, folder: string): Reading {
  if (given === "") return { mistake: "file: must be followed by a path" }
  const path = resolve(folder, given)
  try {
    const others = intrusion(path)
    return others === undefined ? withoutLastEnd(contentOf(path), path) : { mistake: others }
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    return { mistake: `the file ${path} cannot be read (${code})` }
  }
}

/** Up to one byte more than may be: a device that never ends is as much too large as a file. */
function contentOf(path: string): Buffer {
  const file = openSync(path, "r")
  const content = Buffer.alloc(bytesAtMost + 1)
  let length = 0
  try {
    while (length < content.length) {
      const read = readSync(file, content, length, content.length - length, null)
      if (read === 0) break
      length += read
    }
  } finally {
    closeSync(file)
  }
  return content.subarray(0, length)
}

/**
 * What a command prints on its standard output, without the end of its last line. A shell runs it in `folder`; its standard
 * error goes to ours, so that a password store can say what keeps it.
 */
export function commandOutput(
  command: string,
  { environment, folder }: { environment: Record<string, string | undefined>; folder: string },
): Reading {
  if (command.trim() === "") return { mistake: "cmd: must be followed by a command" }
  const { stdout, status, signal, error } = spawnSync("/bin/sh", ["-c", command], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: commandLimitMs,
    killSignal: "SIGKILL",
    maxBuffer: bytesAtMost + 1,
  })
  const code = error && systemCode(error)
  if (code === "ETIMEDOUT") return { mistake: `the command takes longer than ${commandLimitMs / 1_000} s` }
  if (code === "ENOBUFS") return { mistake: tooLarge("what the command prints") }
  if (error !== undefined) return { mistake: `the command cannot be run (${code ?? error.message})` }
  if (status !== 0) return { mistake: `the command ended with ${signal ?? status}` }
  return withoutLastEnd(stdout, "what the command prints")
}

function withoutLastEnd(content: Buffer, what: string): Reading {
  if (content.length > bytesAtMost) return { mistake: tooLarge(what) }
  const text = content.toString("utf8").replace(/\r?\n$/, "")
  return text === "" ? { mistake: `${what} is empty` } : { text }
}

function tooLarge(what: string): string {
  return `${what} has more than ${bytesAtMost / 1024} KiB: a secret is shorter`
}
