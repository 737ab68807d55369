import { plainLine } from "../../domain/text-forms/plain-text.ts"
import { newLog } from "../../server/log/log.ts"
import { engines } from "../../server/registries.ts"
import { allRoles, rolesFrom, rolesMistake } from "../../server/roles.ts"
import { startRoles } from "../../server/start.ts"
import type { ExitCode } from "../operate.ts"
import { complain, print } from "../output.ts"
import { compileAhead } from "./compiled-code.ts"
import { configuredToServe, type ServeOptions } from "./options.ts"
import { readyLine } from "./ready-line.ts"
import { reloadAtHangUp } from "./reloading.ts"
import { serviceManager } from "./service-manager.ts"
import { stopSignal, stopWithin } from "./stopping.ts"

/** Above what a graceful stop needs; past it the process ends as it is, which a restart recovers from. */
const stopLimitMs = 9_000

/** Runs until SIGINT or SIGTERM. `roleList`: as `--roles` gives it; all without. */
export async function serve(options: ServeOptions, roleList: string | undefined): Promise<ExitCode> {
  const roles = roleList === undefined ? allRoles : rolesFrom(roleList)
  if (roles === undefined) {
    complain("--roles is a list of api, sql and worker, like --roles sql,worker.")
    return 2
  }
  const configuration = configuredToServe(options)
  if (configuration === undefined) return 2
  const mistake = rolesMistake(roles, configuration, { registry: engines.warehouses, hasParent: false })
  if (mistake !== undefined) {
    complain(mistake)
    return 2
  }
  // Some files are the engine's to make, as the warehouse's are: nobody else reads them, whoever made the folder.
  process.umask(0o077)
  const stopped = stopSignal()
  const log = newLog(configuration.log)
  const reloading = reloadAtHangUp({ configuration, path: options.config, log })
  const manager = serviceManager(process.env, (message) => log.warn({}, message))
  const server = await startRoles({ configuration, roles, watch: "own", log })
  print(`${readyLine(server, { roles, tls: configuration.listen.tls })}\n`)
  await reloading.begin(async (next) => {
    await server.reload(next)
    return []
  })
  await manager.ready("running")
  compileAhead(log)
  const reason = await Promise.race([stopped, server.broken])
  await reloading.end()
  await manager.stopping()
  const outcome = await stopWithin(server, stopLimitMs)
  if (reason === undefined) return outcome
  complain(`the warehouse engine has failed; start Millrace again, nothing is lost: ${plainLine(reason)}`)
  return 1
}
