/**
 * What the service manager that started us wants to know (systemd: sd_notify(3), units with `Type=notify`). Its socket takes
 * datagrams, which Node cannot send to a path: the manager's own program does.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { type PeriodicTask, startPeriodicTask } from "../../concurrency/periodic-task.ts"

export interface ServiceManager {
  /** The service is there. Where the unit has a watchdog, it hears from us from now on. */
  ready(status: string): Promise<void>
  /** An orderly end has begun. */
  stopping(): Promise<void>
}

const program = "systemd-notify"
const answerLimitMs = 5_000
/** How often at least within the watchdog's time: one that is late must not end us. */
const signsPerWatchdogTime = 3

/**
 * @param environment NOTIFY_SOCKET: where the manager listens; without it nobody is told anything. WATCHDOG_USEC: after how
 *   long without a sign it ends us.
 * @param warn told in words what keeps us from telling
 */
export function serviceManager(
  environment: Record<string, string | undefined>,
  warn: (message: string) => void,
): ServiceManager {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdog } = environment
  const hasManager = socket !== undefined && socket !== ""
  const watchdogMs = Number(watchdog ?? 0) / 1_000
  let signs: PeriodicTask | undefined
  const tell = async (...states: string[]) => {
    if (!hasManager) return
    const mistake = await told(states)
    if (mistake !== undefined) warn(`the service manager was not told ${states.join(" ")}: ${mistake}`)
  }
  return {
    async ready(status) {
      await tell("READY=1", `STATUS=${status}`)
      if (!hasManager || !(watchdogMs > 0)) return
      signs = startPeriodicTask({
        everyMs: watchdogMs / signsPerWatchdogTime,
        work: () => tell("WATCHDOG=1"),
        onError: (error) => warn(String(error)),
        keepsAlive: false,
      })
    },
    async stopping() {
      await signs?.stop()
      await tell("STOPPING=1")
    },
  }
}

/** In words why it was not; `undefined`: it was. */
async function told(states: readonly string[]): Promise<string | undefined> {
  const child = spawn(program, states, { stdio: "ignore", timeout: answerLimitMs })
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null]
    return code === 0 ? undefined : `${program} ended with ${signal ?? code}`
  } catch (error) {
    return `${program} cannot be run (${error instanceof Error ? error.message : String(error)})`
  }
}
