import type { AlertsReport } from "../control-plane/alerts/alerts.ts"
import { parseDuration } from "../domain/text-forms/duration.ts"
import { plainLine } from "../domain/text-forms/plain-text.ts"
import { askMillrace, type OperationsRequest } from "./asking/operations-request.ts"
import { type ExitCode, failed, misused, operating } from "./operate.ts"
import { print, printJson } from "./output.ts"
import { textTable } from "./text-table.ts"

export interface AlertsRequest {
  action: string
  lasts: string | undefined
  integration: string | undefined
  channel: string | undefined
  json: boolean
  config: string | undefined
}

/** Lists what is told to people, silences it, tries a channel. */
export async function alerts(request: AlertsRequest): Promise<ExitCode> {
  switch (request.action) {
    case "list":
      return await list(request)
    case "silence":
      return await silence(request)
    case "test":
      return await test(request)
    default:
      return misused("alerts takes one of list, silence and test.")
  }
}

async function list({ json, config }: AlertsRequest): Promise<ExitCode> {
  return await operating(config, "read-only", async (access) => {
    const report = await askMillrace<AlertsReport>(access, { method: "GET", path: "/alerts" })
    if (typeof report === "string") return failed(report)
    if (json) printJson(report)
    else print(shown(report))
    return 0
  })
}

function shown({ alerts: found, silences, channels, waiting }: AlertsReport): string {
  const rows = found.map((one) => [
    one.rule,
    one.subject === "" ? one.integration : `${one.integration} ${one.subject}`,
    one.code,
    second(one.since),
    one.toldAt === null ? "not yet" : second(one.toldAt),
  ])
  const table = rows.length === 0 ? "no alerts\n" : textTable(["rule", "of", "code", "since", "told"], rows)
  const quiet = silences.map(
    ({ integration, until, by }) =>
      `silent: ${plainLine(integration ?? "all integrations")} until ${second(until)}, by ${plainLine(by)}\n`,
  )
  const names = channels.map(({ name, kind }) => `${name} (${kind})`).join(", ") || "none"
  return `${table}${quiet.join("")}channels: ${names}; messages that wait: ${waiting}\n`
}

async function silence({ lasts, integration, config }: AlertsRequest): Promise<ExitCode> {
  const forMs = lasts === undefined ? undefined : parseDuration(lasts)
  if (forMs === undefined)
    return misused("alerts silence takes --for, a length of time like 2h; 0s ends a silence.")
  const body = { forMs, ...(integration !== undefined && { integration }) }
  const request: OperationsRequest = { method: "POST", path: "/alerts/silence", body }
  return await asking<{ until: string | null }>(config, request, ({ until }) => {
    const of = plainLine(integration ?? "all integrations")
    print(until === null ? `${of}: alerts are told again.\n` : `${of}: no alerts until ${second(until)}.\n`)
    return 0
  })
}

async function test({ channel, config }: AlertsRequest): Promise<ExitCode> {
  if (channel === undefined) return misused("alerts test takes --channel C.")
  const request: OperationsRequest = { method: "POST", path: "/alerts/test", body: { channel } }
  return await asking<{ outcome: string; reason: string | null }>(config, request, ({ reason }) => {
    if (reason !== null) return failed(`${channel} did not take the message: ${reason}.`)
    print(`${plainLine(channel)} took the message.\n`)
    return 0
  })
}

async function asking<T extends object>(
  config: string | undefined,
  request: OperationsRequest,
  show: (answer: T) => ExitCode,
): Promise<ExitCode> {
  return await operating(config, "admin", async (access) => {
    const answer = await askMillrace<T>(access, request)
    return typeof answer === "string" ? failed(answer) : show(answer)
  })
}

function second(time: string): string {
  return `${time.slice(0, 19)}Z`
}
