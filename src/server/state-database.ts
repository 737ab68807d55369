import { setTimeout as sleep } from "node:timers/promises"
import { SetupError } from "../configuration/setup-error.ts"
import type { Configuration } from "../domain/configuration.ts"
import { isRunning } from "../embedded-postgres/processes.ts"
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from "../embedded-postgres/server.ts"
import { openStore, type Store } from "../state/store.ts"
import { errorFields, type Log } from "../wire/http/log.ts"

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

/** @throws SetupError that says where and why, and repeats no password. */
export async function openStateStore(
  url: string,
  { audit: auditRetention, quotas }: Pick<Configuration, "audit" | "quotas">,
  log: Log,
): Promise<Store> {
  try {
    return await openStore(url, {
      auditRetention,
      quotas,
      onIdleError: (error) => log.warn(errorFields(error), "a connection to the state database broke"),
    })
  } catch (error) {
    const { host, pathname } = new URL(url)
    const reason = error instanceof Error ? error.message.split("\n", 1)[0] : String(error)
    throw new SetupError(
      `The state database ${host}${pathname} cannot be used: ${reason} Start it, or correct \`state\` in the configuration.`,
      { cause: error },
    )
  }
}
