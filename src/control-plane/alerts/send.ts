import type { AlertChannel, AlertMessage } from "../../domain/alerts/alert.ts"
import { plainLine } from "../../domain/text-forms/plain-text.ts"
import { unreachable } from "../../domain/unreachable.ts"
import { type PostOutcome, postSigned, postTo } from "../events/signed-post.ts"

const smtpLimitMs = 15_000

/** Sends one message to one channel. Never rejects; what is answered holds no secret. */
export async function sendAlert(
  channel: AlertChannel,
  message: AlertMessage,
  signal: AbortSignal,
): Promise<PostOutcome> {
  switch (channel.kind) {
    case "webhook":
      return await postSigned(channel, { id: message.id, body: JSON.stringify(message) }, signal)
    case "slack": {
      const body = JSON.stringify({ text: slackText(message) })
      return await postTo(channel.url, { body, headers: {} }, signal)
    }
    case "email":
      return await mail(channel, message)
    default:
      return unreachable(channel)
  }
}

type EmailChannel = Extract<AlertChannel, { kind: "email" }>

async function mail({ server, from, to }: EmailChannel, message: AlertMessage): Promise<PostOutcome> {
  const { createTransport } = await import("nodemailer")
  const transport = createTransport({
    url: server,
    connectionTimeout: smtpLimitMs,
    greetingTimeout: smtpLimitMs,
    socketTimeout: smtpLimitMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    await transport.sendMail({
      from,
      to: [...to],
      subject: plainLine(headline(message)),
      text: textOf(message),
      // The same at each attempt: who gets it twice can tell.
      messageId: `<${message.id}@millrace>`,
    })
    return { kind: "taken" }
  } catch (error) {
    return smtpFailure(error)
  } finally {
    transport.close()
  }
}

/** The server's words may repeat addresses and names: only its code is told. */
function smtpFailure(error: unknown): PostOutcome {
  const { responseCode, code } = error as { responseCode?: number; code?: string }
  const isRefused = responseCode !== undefined && responseCode >= 500
  return { kind: isRefused ? "refused" : "away", reason: `SMTP ${responseCode ?? code ?? "no answer"}` }
}

function headline({ state, integrationName, subject, code }: AlertMessage): string {
  const where = subject === "" ? integrationName : `${integrationName}, ${subject}`
  switch (state) {
    case "firing":
      return `Millrace: ${where}: ${code}`
    case "recovered":
      return `Millrace: ${where}: recovered from ${code}`
    case "test":
      return "Millrace: a test of this channel"
    default:
      return unreachable(state)
  }
}

function textOf(message: AlertMessage): string {
  const { state, since, at, rule, eventId, integrationArn } = message
  const what = state === "firing" ? [message.message, message.remedy] : []
  const times = state === "recovered" ? [`Since ${since}, until ${at}.`] : [`Since ${since}.`]
  return [headline(message), ...what, ...times, `Rule ${rule}, ${eventId}, ${integrationArn}`]
    .filter((line) => line !== "")
    .join("\n")
}

/** Slack reads `&`, `<` and `>` as its own. */
function slackText(message: AlertMessage): string {
  return textOf(message).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
}
