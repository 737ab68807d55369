import type { Configuration } from "../domain/configuration.ts"
import { consoleRoles, isConsoleRole } from "../domain/console/roles.ts"
import { plainLine } from "../domain/text-forms/plain-text.ts"
import { originOf } from "./asking/http-port.ts"
import { askMillrace, type OperationsAccess } from "./asking/operations-request.ts"
import { type ExitCode, failed, misused, operating } from "./operate.ts"
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
  return { ...made, url: `${originOf(access.http).url}${pathPrefix}/console/#link=${made.link}` }
}
