/** What a person has who follows the published how-to: its calls, a shell, and a server where the calls look for one. */
import { execFile } from "node:child_process"
import { connect, createServer } from "node:net"
import type { TestContext } from "node:test"
import { promisify } from "node:util"
import type { Place } from "../place.ts"

const run = promisify(execFile)
/** Nothing else of the suite listens there. */
export const host = "127.0.0.77"

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks at
  body: any
}

/** A server that speaks as the one of `url` does, where the published calls look for it. */
export async function atPublishedPort(t: TestContext, url: string): Promise<void> {
  const target = new URL(url)
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    near.pipe(far).pipe(near)
    near.on("error", () => far.destroy())
    far.on("error", () => near.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(5_439, host, resolve)
  })
  t.after(() => void server.close())
}

export async function apiKey(place: Place): Promise<string> {
  const made = await place.run("api-key", "create", "--name", "ci", "--permission", "APPLICATION_ADMIN")
  return made.output.trimEnd().split("\n").at(-1) ?? ""
}

/** Runs a printed call in a shell, with host, key and id replaced, and nothing else. */
export async function printed(
  place: Place,
  key: string,
  { call, id = "", idpHost = "organization.okta.com" }: { call: string; id?: string; idpHost?: string },
): Promise<Answer> {
  const text = call
    .replace("https://www.organization.immuta.com", `http://127.0.0.1:${place.httpPort}`)
    .replace("846e9e43c86a4ct1be14290d95127d13f", key)
    .replaceAll("organization.aws.amazon.com", host)
    .replaceAll("organization.okta.com", idpHost)
    .replace("{id}", id)
  const { stdout } = await run("sh", ["-c", `${text} -sS --max-time 60 -w '\n%{http_code}'`])
  const at = stdout.lastIndexOf("\n")
  const body = stdout.slice(0, at)
  return { status: Number(stdout.slice(at + 1)), body: body.startsWith("-- ") ? body : JSON.parse(body) }
}

/** Runs a script as the how-to's reader does, and stops at the first error. */
export async function psql(url: string, script: string): Promise<void> {
  const running = run("psql", ["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", url])
  running.child.stdin?.end(script)
  await running
}
