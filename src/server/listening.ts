import { SetupError, systemCode } from "../configuration/setup-error.ts"
import type { HostPort } from "../domain/configuration.ts"
import { type HttpApp, healthHttpLimits, serveHttp } from "../wire/http/server.ts"

/** A listener for health checks and metrics. `at` undefined: none is configured, and none is opened. @throws SetupError */
export async function startHealth(
  { at: listen, key }: { at: HostPort | undefined; key: string },
  app: HttpApp,
  onStop: (close: () => Promise<void>) => void,
): Promise<HostPort | undefined> {
  if (listen === undefined) return undefined
  const server = await listening(listen, key, () => serveHttp(app, listen, healthHttpLimits))
  onStop(() => server.close(0))
  return { host: server.host, port: server.port }
}

/** Starts what listens at an address. `key`: its place in millrace.yaml. @throws SetupError for what a person can mend there */
export async function listening<T>(at: HostPort, key: string, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    const code = systemCode(error)
    if (code === "EADDRINUSE")
      throw new SetupError(
        `Port ${at.port} of ${at.host} is taken: stop what uses it, or set ${key} to another.`,
        { cause: error },
      )
    if (code === undefined) throw error
    throw new SetupError(
      `Cannot listen on ${at.host}:${at.port} (${code}): set ${key} to an address of this machine.`,
      { cause: error },
    )
  }
}
