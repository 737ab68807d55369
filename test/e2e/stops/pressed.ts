/** The bootstrap and its program in a process group of their own, as a shell with job control starts them. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"

/** Who gets the signal: the bootstrap alone, or, as of a terminal's Ctrl-C, all that it has started as well. */
export type Reach = "bootstrap" | "group"

export interface Pressed {
  code: number | null
  signal: NodeJS.Signals | null
  output: string
}

export interface Started {
  child: ChildProcess
  /** Sends the signal; how the bootstrap ended. */
  press(signal: NodeJS.Signals, reach: Reach): Promise<Pressed>
}

/** Starts a command in a group of its own; resolves when it has said `ready`. */
export async function startInGroup(
  command: readonly string[],
  ready: RegExp,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Started> {
  const [program = "", ...args] = command
  const child = spawn(program, args, { detached: true, stdio: ["ignore", "pipe", "pipe"], env: environment })
  const ended = once(child, "close")
  let output = ""
  child.stderr.on("data", (text) => (output += text))
  const isReady = Promise.withResolvers<boolean>()
  createInterface(child.stdout).on("line", (line) => {
    output += `${line}\n`
    if (ready.test(line)) isReady.resolve(true)
  })
  if (!(await Promise.race([isReady.promise, ended.then(() => false)])))
    throw new Error(`it ended before it was ready:\n${output}`)
  return {
    child,
    async press(name, reach) {
      const pid = child.pid ?? 0
      process.kill(reach === "group" ? -pid : pid, name)
      const [code, signal] = await ended
      return { code, signal, output }
    },
  }
}
