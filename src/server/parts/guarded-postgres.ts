import { setTimeout as sleep } from "node:timers/promises"
import { isRunning } from "../../embedded-postgres/processes.ts"
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from "../../embedded-postgres/server.ts"
import { errorFields, type Log } from "../../wire/http/log.ts"

export interface GuardedPostgres {
  url: string
  /** Ends the guard and the server. */
  stop(): Promise<void>
}

const lookEveryMs = 1_000

/** An embedded PostgreSQL that is started again, on the same port, whenever it dies while we live. */
export async function guardedPostgres(folder: string, log: Log): Promise<GuardedPostgres> {
  const options = { folder, log: (line: string) => log.info({}, line) }
  let server = await startEmbeddedPostgres(options)
  const url = server.url()
  const stopping = new AbortController()
  const guarding = guard()

  async function guard(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(lookEveryMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted || (await isRunning(server.pid))) continue
      log.error({ pid: server.pid }, "the embedded PostgreSQL has died; starting it again")
      server = (await restarted(options, log)) ?? server
      if (server.url() === url) continue
      log.error({ port: server.port }, "the embedded PostgreSQL's port was taken meanwhile: restart Millrace")
    }
  }

  return {
    url,
    async stop() {
      stopping.abort()
      await guarding
      await server.stop()
    },
  }
}

/** `undefined` after saying why it did not start: the next look tries again. */
async function restarted(options: EmbeddedPostgresOptions, log: Log): Promise<EmbeddedPostgres | undefined> {
  try {
    return await startEmbeddedPostgres(options)
  } catch (error) {
    log.error(errorFields(error), "the embedded PostgreSQL does not start")
    return undefined
  }
}
