import type { Configuration } from "../domain/configuration.ts"
import { consoleRoles, isConsoleRole } from "../domain/console/roles.ts"
import { plainLine } from "../domain/text-forms/plain-text.ts"
import { type ExitCode, failed, misused, operating } from "./operate.ts"
import { askMillrace, type OperationsAccess } from "./operations-request.ts"
import { print } from "./output.ts"

export interface ConsoleLinkRequest {
  user: string | undefined
  role: string | undefined
  config: string | undefined
}

/** A link as it comes over the wire. */
interface Told {
  user: string
  role: string
  link: string
  expiresAt: string
}

/** Prints a link by which one browser signs in to the console once. */
export async function consoleLink({ user, role, config }: ConsoleLinkRequest): Promise<ExitCode> {
  if (role !== undefined && !isConsoleRole(role))
    return misused(`There is no role ${role}; there are ${consoleRoles.join(", ")}.`)
  return await operating(config, "admin", async (access, configuration) => {
    const made = await newConsoleLink(access, configuration, { user, role })
    if (typeof made === "string") return failed(made)
    const time = `${made.expiresAt.slice(0, 19)}Z`
    print(`Signs in as ${plainLine(made.user)} (${made.role}), once, until ${time}:\n${made.url}\n`)
    return 0
  })
}

/** @returns in words what keeps us from it */
export async function newConsoleLink(
  access: OperationsAccess,
  { console: { pathPrefix } }: Pick<Configuration, "console">,
  wanted: { user?: string | undefined; role?: string | undefined },
): Promise<(Told & { url: string }) | string> {
  const made = await askMillrace<Told>(access, { method: "POST", path: "/console-links", body: wanted })
  if (typeof made === "string") return made
  return { ...made, url: consoleUrl(access.http, `${pathPrefix}/console/#link=${made.link}`) }
}

/** As a browser on this machine reaches it: a listener on all addresses is asked at the loopback one. */
function consoleUrl({ host, port }: OperationsAccess["http"], path: string): string {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}${path}`
}
