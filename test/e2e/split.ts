import type { Ended, MillraceProcess } from "./process.ts"

/**
 * How the servers that tests start are split over processes, by the environment variable MILLRACE_TEST_ROLES. `split`: `api`
 * apart from `sql,worker`. `beside`: all roles in one process, and another process with `api`, which is the one that tests
 * talk to. `isolated`: a supervisor over `api` and `sql,worker`. Absent: one process with all roles.
 */
export type Split = "whole" | "split" | "beside" | "isolated"

const variable = "MILLRACE_TEST_ROLES"

export function wantedSplit(): Split {
  const wanted = process.env[variable] ?? "whole"
  if (wanted === "whole" || wanted === "split" || wanted === "beside" || wanted === "isolated") return wanted
  throw new Error(`${variable} is whole, split, beside or isolated, not ${wanted}`)
}

/**
 * Starts a server as `split` says. `spawn` starts one of its processes: with these roles (all: `undefined`), and on another HTTP
 * port than the one that tests talk to when `isBeside`.
 */
export function splitBy(
  split: Split,
  spawn: (roles: string | undefined, isBeside: boolean) => MillraceProcess,
): MillraceProcess {
  switch (split) {
    case "whole":
    case "isolated":
      return spawn(undefined, false)
    case "split":
      return paired(spawn("sql,worker", false), spawn("api", false))
    case "beside":
      return paired(spawn(undefined, true), spawn("api", false))
  }
}

/**
 * A process with the pipelines and one with the API, as if they were one: signals and process id are the first one's, and
 * the second ends with it.
 */
function paired(engine: MillraceProcess, api: MillraceProcess): MillraceProcess {
  const ended = engine.ended.then(async (how) => both(how, await api.kill9()))
  return {
    pid: engine.pid,
    child: engine.child,
    ended,
    output: () => engine.output() + api.output(),
    ready: async () => void (await Promise.all([engine.ready(), api.ready()])),
    async kill9() {
      await Promise.all([engine.kill9(), api.kill9()])
      return await ended
    },
    async terminate() {
      const [how, ofApi] = await Promise.all([engine.terminate(), api.terminate()])
      const code = how.code === 0 ? ofApi.code : how.code
      return { ...both(how, ofApi), code, tookMs: Math.max(how.tookMs, ofApi.tookMs) }
    },
  }
}

function both(engine: Ended, api: Ended): Ended {
  return {
    ...engine,
    output: engine.output + api.output,
    stdout: engine.stdout + api.stdout,
    stderr: engine.stderr + api.stderr,
  }
}
