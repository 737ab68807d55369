import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs"
import { systemCode } from "../configuration/setup-error.ts"

/**
 * Which statements of users run in the engine, told in a way that survives it: a file of slots, one for each session that runs one.
 * A slot is written with a single system call and not synced. What was written stays when the process ends, whatever ends it; the
 * supervisor reads it then. A message for each statement would wake the supervisor twice for each, which costs ten times as much.
 */

/** A statement of a user, without its values. */
export interface RunningStatement {
  user: string
  /** As `fingerprintOf` makes it. */
  fingerprint: string
  /** Milliseconds since 1970. */
  sinceMs: number
}

/** Where the statements of one session are written. */
export interface StatementSlot {
  begin(user: string, fingerprint: string): void
  end(): void
  /** Gives the slot back. */
  close(): void
}

export interface StatementFile {
  slot(): StatementSlot
  close(): void
}

/** A user's name has 127 bytes at most; JSON may write six for one. */
const slotBytes = 1024
const idle = Buffer.from(" ")

/** Begins the file anew, for this process. */
export function openStatementFile(path: string): StatementFile {
  const file = openSync(path, "w", 0o600)
  const free: number[] = []
  let count = 0
  return {
    slot: () => {
      const number = free.pop() ?? count++
      return slotAt(file, number, () => free.push(number))
    },
    close: () => closeSync(file),
  }
}

function slotAt(file: number, number: number, giveBack: () => void): StatementSlot {
  const buffer = Buffer.alloc(slotBytes, " ")
  buffer[slotBytes - 1] = 0x0a
  const at = number * slotBytes
  let isOpen = true
  let isWritten = false
  const end = () => {
    if (isWritten) writeSync(file, idle, 0, 1, at)
    isWritten = false
  }
  return {
    begin(user, fingerprint) {
      buffer.fill(" ", 0, slotBytes - 1)
      buffer.write(JSON.stringify({ user, fingerprint, sinceMs: Date.now() }), 0, slotBytes - 1)
      writeSync(file, buffer, 0, slotBytes, at)
      isWritten = true
    },
    end,
    close() {
      end()
      if (isOpen) giveBack()
      isOpen = false
    },
  }
}

/** The statements that ran when a process ended, and forgets them: the next one may end before it begins the file anew. */
export function takeStatements(path: string): RunningStatement[] {
  const statements = statementsIn(path)
  rmSync(path, { force: true })
  return statements
}

/** The statements that ran when the file was written last. */
export function statementsIn(path: string): RunningStatement[] {
  const bytes = bytesOf(path)
  const slots = Array.from({ length: Math.ceil(bytes.length / slotBytes) }, (_, number) =>
    bytes.toString("utf8", number * slotBytes, (number + 1) * slotBytes),
  )
  return slots.flatMap((text) => (text.startsWith("{") ? (statementFrom(text) ?? []) : []))
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    // The process ended before it wrote any.
    if (systemCode(error) === "ENOENT") return Buffer.alloc(0)
    throw error
  }
}

function statementFrom(text: string): RunningStatement | undefined {
  try {
    const { user, fingerprint, sinceMs } = JSON.parse(text) as Partial<RunningStatement>
    if (typeof user !== "string" || typeof fingerprint !== "string" || typeof sinceMs !== "number")
      return undefined
    return { user, fingerprint, sinceMs }
  } catch (error) {
    // The process ended in the middle of writing it: then it had not begun to run.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
