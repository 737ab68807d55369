import { once } from "node:events"
import { closeSync, mkdirSync, openSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"

const [lowest, highest] = [10_000, 32_000]
const attemptLimit = 100

/**
 * A port of the loopback address that nothing listens on. Taken from below the range that the kernel gives to
 * connections (Linux: 32768 to 60999): a server that is stopped and started again finds its port still free. A run of
 * tests gives each port once: between being given and being listened on it looks free to others, too.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attemptLimit; attempt++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (claim(port) && (await isFree(port))) return port
  }
  throw new Error(`no port between ${lowest} and ${highest} is free`)
}

/** Whether no other process of this run has it. */
function claim(port: number): boolean {
  const runFolder = process.env.MILLRACE_TEST_FOLDER
  if (runFolder === undefined) return true
  const folder = join(runFolder, "ports")
  mkdirSync(folder, { recursive: true })
  try {
    closeSync(openSync(join(folder, String(port)), "wx"))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false
    throw error
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1")
  try {
    await once(server, "listening")
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return false
    throw error
  }
  server.close()
  await once(server, "close")
  return true
}
