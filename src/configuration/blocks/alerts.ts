import { z } from "zod"
import { type AlertChannel, type AlertRule, alertConditions } from "../../domain/alerts/alert.ts"
import { parseDuration } from "../../domain/text-forms/duration.ts"
import { secretText, size, text } from "../values.ts"

const duration = text.transform((given, context): number => {
  const ms = parseDuration(given)
  if (ms !== undefined) return ms
  context.addIssue("must be a length of time like 30s, 5m or 2h")
  return z.NEVER
})

const name = text.regex(/^[A-Za-z0-9_-]{1,63}$/, "must be 1 to 63 letters, digits, _ or -")
const isHttp = (given: string) => /^https?:\/\/[^\s@]+$/.test(given) && URL.canParse(given)
const isSmtp = (given: string) => /^smtps?:\/\/\S+$/.test(given) && URL.canParse(given)
const address = text.regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/, "must be an address like ops@example.com")

const email = z.strictObject({
  server: secretText
    .refine(isSmtp, "must be a URL like smtps://user:password@mail.example.com:465")
    .describe("`smtp://` (with STARTTLS where the server offers it) or `smtps://user:password@host:port`"),
  from: address.describe("whose mail it is"),
  to: z.array(address).min(1, "must name at least one address").max(50).describe("who gets it"),
})

const channel = z
  .strictObject({
    name: name.describe("by which rules name it"),
    webhook: text
      .refine(isHttp, "must be an http or https URL without a user in it")
      .optional()
      .describe("where messages are posted as JSON, signed with `secret`"),
    secret: secretText.min(16, "must have at least 16 characters").optional().describe("of `webhook`"),
    slack: secretText
      .refine(isHttp, "must be an http or https URL without a user in it")
      .optional()
      .describe("an incoming webhook of Slack, or of what takes its payload"),
    email: email.optional().describe("by SMTP"),
  })
  .superRefine(({ webhook, secret, slack, email: mail }, context) => {
    if ([webhook, slack, mail].filter((one) => one !== undefined).length !== 1)
      context.addIssue("must have one of webhook, slack and email")
    else if ((webhook === undefined) !== (secret === undefined))
      context.addIssue("must have a secret with webhook, and no other")
  })

const rule = z
  .strictObject({
    name: name.describe("as messages and `millrace alerts` call it"),
    when: z
      .enum(alertConditions, `must be one of ${alertConditions.join(", ")}`)
      .describe("what is looked at"),
    over: text.optional().describe("of `lag`: a length of time; of `retention`: a size"),
    under: text.optional().describe("of `time_to_loss`: a length of time"),
    for: duration.prefault("0s").describe("how long it must be so before it is told"),
    integrations: z.array(text.max(200)).max(1_000).default([]).describe("names; usual: all"),
    to: z.array(name).default([]).describe("names of channels; usual: all"),
  })
  .superRefine(({ when, over, under }, context) => {
    const wanted = when === "lag" || when === "retention" ? "over" : when === "time_to_loss" ? "under" : ""
    for (const [key, given] of Object.entries({ over, under }))
      if ((given !== undefined) !== (key === wanted))
        context.addIssue(
          key === wanted ? `has when: ${when} and no ${key}` : `has when: ${when}, which takes no ${key}`,
        )
    const form = when === "retention" ? size : duration
    const value = over ?? under
    if (value !== undefined && !form.safeParse(value).success)
      context.addIssue(
        `${over === undefined ? "under" : "over"} must be a ${when === "retention" ? "size like 10GiB" : "length of time like 5m"}`,
      )
  })

const shape = z.strictObject({
  channels: z.array(channel).max(50).default([]).describe("where messages go"),
  rules: z.array(rule).max(200).default([]).describe("what is told"),
})

export const alertKeys = {
  alerts: Object.keys(shape.shape),
  channels: Object.keys(channel.shape),
  email: Object.keys(email.shape),
  rules: Object.keys(rule.shape),
}

export const alertsBlock = shape
  .superRefine(({ channels, rules }, context) => {
    const known = new Set(channels.map((one) => one.name))
    for (const unknown of rules.flatMap(({ to }) => to).filter((one) => !known.has(one)))
      context.addIssue(`has a rule to ${unknown}, which is no channel`)
    if (known.size < channels.length) context.addIssue("has two channels of one name")
    if (new Set(rules.map((one) => one.name)).size < rules.length)
      context.addIssue("has two rules of one name")
  })
  .transform(({ channels, rules }) => ({ channels: channels.map(channelOf), rules: rules.map(ruleOf) }))

function channelOf({
  name: called,
  webhook,
  secret,
  slack,
  email: mail,
}: z.output<typeof channel>): AlertChannel {
  if (webhook !== undefined) return { name: called, kind: "webhook", url: webhook, secret: secret ?? "" }
  if (slack !== undefined) return { name: called, kind: "slack", url: slack }
  if (mail !== undefined) return { name: called, kind: "email", ...mail }
  throw new Error("a channel without a kind was accepted")
}

function ruleOf({ over, under, for: forMs, ...rest }: z.output<typeof rule>): AlertRule {
  const given = over ?? under
  if (given === undefined) return { ...rest, forMs }
  return { ...rest, forMs, threshold: (rest.when === "retention" ? size : duration).parse(given) }
}
