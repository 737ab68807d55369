import { execFile } from "node:child_process"
import { promisify } from "node:util"

const run = promisify(execFile)

/** What curl got: the status, and the body as JSON if it is that. */
export async function curl(...args: string[]): Promise<{ status: number; body: unknown }> {
  const { stdout } = await run("curl", ["-sS", "--max-time", "60", "-w", "\n%{http_code}", ...args])
  const at = stdout.lastIndexOf("\n")
  return { status: Number(stdout.slice(at + 1)), body: parsed(stdout.slice(0, at)) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}
