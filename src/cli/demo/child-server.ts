import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { readFileSync, writeFileSync } from "node:fs"
import { mkdir, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { SetupError, systemCode } from "../../configuration/setup-error.ts"
import { becomes, isStillThere } from "../../embedded-postgres/processes.ts"

/** A server program that the demo starts for itself. */
export interface ServerProgram {
  name: string
  /** Starts it `detached`, so that a terminal's Ctrl-C reaches us and not it; with its output in pipes. */
  launch(port: number): ChildProcess
  /** A word of its command line that tells it from a stranger with the same process id. */
  mark(port: number): string
  answers(port: number): Promise<boolean>
}

export interface ChildServer {
  port: number
  stop(): Promise<void>
}

const readyLimitMs = 90_000
const askEveryMs = 100
const endLimitMs = 10_000
/** Between looking for a free port and taking it someone else may be quicker. */
const attempts = 3

/** Starts it on a free port of 127.0.0.1, noted in `folder` for the case that this process is killed. */
export async function startServerProgram(folder: string, program: ServerProgram): Promise<ChildServer> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  let said = ""
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = await freePort()
    const child = program.launch(port)
    const output = outputOf(child)
    const stop = () => end(child, folder)
    try {
      note(folder, { pid: child.pid, mark: program.mark(port) })
      if (await becomesReady(child, () => program.answers(port))) return { port, stop }
    } catch (error) {
      await stop()
      throw error
    }
    const endedItself = hasEnded(child)
    await stop()
    said = output()
    if (!endedItself) break
  }
  throw new SetupError(`${program.name} did not start. The end of what it said: ${said || "(nothing)"}`)
}

/** Ends what a killed demo left running in `folder`. */
export async function endLeftServer(folder: string): Promise<void> {
  const { pid, mark } = readNote(folder)
  if (pid === undefined) return
  const isThere = () => isStillThere(pid, mark)
  if (!(await isThere())) return
  process.kill(pid, "SIGKILL")
  if (!(await becomes(async () => !(await isThere()), endLimitMs)))
    throw new SetupError(`A server of an earlier demo (process ${pid}) does not end.`)
}

interface Note {
  pid: number | undefined
  mark: string
}

function notePath(folder: string): string {
  return join(folder, "server.json")
}

/** At once: what is not noted when we are killed would run on for ever. */
function note(folder: string, one: Note): void {
  writeFileSync(notePath(folder), JSON.stringify(one), { mode: 0o600 })
}

function readNote(folder: string): Note {
  try {
    return JSON.parse(readFileSync(notePath(folder), "utf8")) as Note
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { pid: undefined, mark: "" }
    throw error
  }
}

const keptOutput = 2_000

function outputOf(child: ChildProcess): () => string {
  let tail = ""
  const keep = (chunk: Buffer) => {
    tail = `${tail}${chunk}`.slice(-keptOutput)
  }
  child.stdout?.on("data", keep)
  child.stderr?.on("data", keep)
  child.on("error", (error) => keep(Buffer.from(error.message)))
  return () => tail.trim()
}

/** Whether it answers before it ends and before the time is over. */
async function becomesReady(child: ChildProcess, answers: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + readyLimitMs
  while (!hasEnded(child) && performance.now() < deadline) {
    if (await answers()) return true
    await delay(askEveryMs)
  }
  return false
}

function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null
}

/** At once: its data is of no further use. */
async function end(child: ChildProcess, folder: string): Promise<void> {
  if (!hasEnded(child)) {
    const ended = once(child, "exit")
    child.kill("SIGKILL")
    await ended
  }
  await rm(notePath(folder), { force: true })
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1")
  await once(probe, "listening")
  const address = probe.address()
  probe.close()
  await once(probe, "close")
  if (address === null || typeof address === "string") throw new Error("no free port on 127.0.0.1")
  return address.port
}
