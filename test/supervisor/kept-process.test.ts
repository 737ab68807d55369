import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { isRunning } from "../../src/embedded-postgres/processes.ts"
import { type KeptProcess, keepProcess } from "../../src/supervisor/kept-process.ts"
import { endLeftovers } from "../../src/supervisor/leftovers.ts"
import type { ProcessState } from "../../src/supervisor/messages.ts"
import { type RunningStatement, statementsIn } from "../../src/supervisor/running-statements.ts"
import { type EndCause, startProcess } from "../../src/supervisor/supervised-process.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"
import { waitUntil } from "../support/wait-until.ts"
import type { ChildFacts, ChildStart } from "./child.ts"

const program = join(import.meta.dirname, "child.ts")
const everyMs = 50
/** 2 s; each test that waits for an end by silence takes as long. */
const silentLooks = 40

interface Kept {
  process: KeptProcess<ChildStart, ChildFacts>
  causes: EndCause[]
  states: ProcessState[]
  starts: number
  /** Waits for one that is another than `before` and ready. */
  replaced(before: number | undefined): Promise<number>
}

function keep(
  context: TestContext,
  start: ChildStart | ((number: number) => ChildStart),
  more: { memoryBytes?: number; onEnd?: () => void } = {},
): Kept {
  const causes: EndCause[] = []
  const states: ProcessState[] = []
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const kept: Kept = { causes, states, starts: 0, process: undefined as never, replaced }
  kept.process = keepProcess<ChildStart, ChildFacts>({
    name: "engine",
    log,
    start: () =>
      startProcess({
        args: [program],
        environment: process.env,
        start: Promise.resolve(typeof start === "function" ? start(kept.starts++) : start),
        isFirstToEnd: true,
        limits: { everyMs, silentLooks, memoryBytes: more.memoryBytes ?? Number.MAX_SAFE_INTEGER },
      }),
    onEnd: (cause) => {
      causes.push(cause)
      more.onEnd?.()
    },
    onState: (state) => states.push(state),
  })
  context.after(() => kept.process.kill())
  async function replaced(before: number | undefined): Promise<number> {
    return await waitUntil(
      () => {
        const { pid, state } = kept.process
        return state.isReady && pid !== before ? pid : undefined
      },
      { what: "the process to be replaced" },
    )
  }
  return kept
}

async function ready(kept: Kept): Promise<number> {
  const first = await kept.process.first
  assert.equal(first.kind, "ready")
  assert.equal(first.kind === "ready" && first.facts.pid, kept.process.pid)
  return kept.process.pid ?? 0
}

test("a process that a signal ends is replaced, and its end is told", async (context) => {
  const kept = keep(context, { at: "serve" })
  const pid = await ready(kept)
  process.kill(pid, "SIGSEGV")
  const next = await kept.replaced(pid)
  assert.notEqual(next, pid)
  assert.deepEqual(kept.causes, [{ kind: "signal", signal: "SIGSEGV" }])
  assert.deepEqual(
    kept.states.map(({ isReady, replacements, lastEnd }) => ({ isReady, replacements, lastEnd })),
    [
      { isReady: true, replacements: 0, lastEnd: undefined },
      { isReady: false, replacements: 1, lastEnd: "was ended by SIGSEGV" },
      { isReady: true, replacements: 1, lastEnd: "was ended by SIGSEGV" },
    ],
  )
})

test("a process whose event loop stands still is ended and replaced", async (context) => {
  const kept = keep(context, { at: "serve", onSignal: "freeze" })
  const pid = await ready(kept)
  process.kill(pid, "SIGUSR2")
  await kept.replaced(pid)
  assert.deepEqual(kept.causes, [{ kind: "silent", forMs: everyMs * silentLooks }])
  assert.equal(await isRunning(pid), false)
})

test("a process that is stopped by a signal is ended and replaced", async (context) => {
  const kept = keep(context, { at: "serve" })
  const pid = await ready(kept)
  process.kill(pid, "SIGSTOP")
  await kept.replaced(pid)
  assert.equal(kept.causes[0]?.kind, "silent")
})

test("a process that takes too much memory is ended and replaced", async (context) => {
  const memoryBytes = 400 * 2 ** 20
  const kept = keep(context, { at: "serve", onSignal: "eat" }, { memoryBytes })
  const pid = await ready(kept)
  process.kill(pid, "SIGUSR2")
  await kept.replaced(pid)
  const [cause] = kept.causes
  assert.equal(cause?.kind, "memory")
  assert.ok(cause.kind === "memory" && cause.bytes > memoryBytes && cause.limitBytes === memoryBytes)
})

test("a process that says it is broken ends with status 1 and is replaced", async (context) => {
  const kept = keep(context, { at: "serve", onSignal: "break" })
  const pid = await ready(kept)
  process.kill(pid, "SIGUSR2")
  await kept.replaced(pid)
  assert.deepEqual(kept.causes, [{ kind: "exit", code: 1 }])
})

test("the first one that does not start is not replaced: its supervisor is told", async (context) => {
  const kept = keep(context, { at: "fail" })
  assert.deepEqual(await kept.process.first, { kind: "ended", cause: { kind: "exit", code: 7 } })
  assert.equal(kept.process.pid, undefined)
  assert.deepEqual(kept.causes, [])
})

test("later ones that do not start are tried again until one does", async (context) => {
  const kept = keep(context, (number) => ({ at: number > 0 && number < 4 ? "fail" : "serve" }))
  const pid = await ready(kept)
  process.kill(pid, "SIGKILL")
  await kept.replaced(pid)
  assert.deepEqual(
    kept.causes.map(({ kind }) => kind),
    ["signal", "exit", "exit", "exit"],
  )
  assert.equal(kept.process.state.replacements, 4)
})

test("the statement that ran when a process froze is read after its end", async (context) => {
  const folder = await temporaryFolder("supervisor")
  context.after(() => removeFolder(folder))
  const statements = join(folder, "running-statements")
  const found: RunningStatement[][] = []
  const kept = keep(
    context,
    { at: "serve", onSignal: "freeze", statements },
    { onEnd: () => found.push(statementsIn(statements)) },
  )
  const pid = await ready(kept)
  process.kill(pid, "SIGUSR2")
  await kept.replaced(pid)
  assert.deepEqual(
    found.map((running) => running.map(({ user, fingerprint }) => ({ user, fingerprint }))),
    [[{ user: "ann", fingerprint: "f00d" }]],
  )
})

test("a process that is told to stop ends with status 0; one that does not is ended", async (context) => {
  const orderly = keep(context, { at: "serve" })
  const pid = await ready(orderly)
  assert.deepEqual(await orderly.process.stop(60_000), { kind: "exit", code: 0 })
  assert.equal(await isRunning(pid), false)
  const hanging = keep(context, { at: "hang at stop" })
  await ready(hanging)
  assert.deepEqual(await hanging.process.stop(300), { kind: "late", afterMs: 300 })
  assert.equal(hanging.process.pid, undefined)
  assert.deepEqual([...orderly.causes, ...hanging.causes], [])
})

/** Starts a supervisor, kills it, and answers the process id of its child. */
async function killedSupervisor(context: TestContext, dataDir: string, before: (child: number) => void) {
  const supervisor = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      join(import.meta.dirname, "supervisor-child.ts"),
      program,
      dataDir,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  )
  context.after(() => supervisor.kill("SIGKILL"))
  const [line] = await once(supervisor.stdout.setEncoding("utf8"), "data")
  const child = Number(line)
  assert.ok(await isRunning(child))
  before(child)
  supervisor.kill("SIGKILL")
  await once(supervisor, "exit")
  return child
}

test("the processes of a killed supervisor end by themselves, also with a blocked main thread", async (context) => {
  const folder = await temporaryFolder("supervisor")
  context.after(() => removeFolder(folder))
  for (const before of [() => undefined, (child: number) => void process.kill(child, "SIGUSR2")]) {
    const child = await killedSupervisor(context, folder, before)
    await waitUntil(async () => !(await isRunning(child)), { what: "the child to end" })
  }
})

test("a stopped process of a killed supervisor is ended by the next one; a stranger under its id is not", async (context) => {
  const folder = await temporaryFolder("supervisor")
  context.after(() => removeFolder(folder))
  assert.deepEqual(await endLeftovers(folder), [])
  const child = await killedSupervisor(context, folder, (pid) => void process.kill(pid, "SIGSTOP"))
  assert.ok(await isRunning(child))
  assert.deepEqual(await endLeftovers(folder), [child])
  assert.equal(await isRunning(child), false)
  assert.deepEqual(await endLeftovers(folder), [])
})
