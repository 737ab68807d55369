import { ownValue } from "../own-value.ts"
import type {
  InboundAction,
  PolicyCondition,
  PolicyPrincipal,
  PolicyStatement,
  ResourcePolicy,
} from "./resource-policy.ts"

/** As the cloud limits documents of this kind. */
export const policyMaxBytes = 20_480
const statementsMax = 100
const valuesMax = 100

export type ParsedPolicy = { ok: ResourcePolicy } | { mistake: string }

/** Thrown and caught in this file only: a parser several calls deep has found a mistake. */
class Mistake extends Error {}

/** Reads the policy of the resource of this ARN; the mistake is a sentence for the person who wrote it. */
export function parseResourcePolicy(text: string, resourceArn: string): ParsedPolicy {
  if (Buffer.byteLength(text) > policyMaxBytes) {
    return { mistake: `The policy is longer than ${policyMaxBytes} bytes.` }
  }
  try {
    return { ok: { statements: documentFrom(parsed(text), resourceArn) } }
  } catch (error) {
    if (error instanceof Mistake) return { mistake: error.message }
    throw error
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw new Mistake("The policy is not JSON.")
    throw error
  }
}

function documentFrom(value: unknown, resourceArn: string): PolicyStatement[] {
  const document = block(value, "The policy", ["Version", "Id", "Statement"])
  if (document.Version !== "2012-10-17" && document.Version !== "2008-10-17") {
    throw new Mistake('The policy\'s Version must be "2012-10-17".')
  }
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement]
  if (statements.length === 0 || statements.length > statementsMax) {
    throw new Mistake(`The policy must have 1 to ${statementsMax} statements.`)
  }
  return statements.map((one, at) => statementFrom(one, `Statement ${at + 1}`, resourceArn))
}

function statementFrom(value: unknown, place: string, resourceArn: string): PolicyStatement {
  const known = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"]
  const { Sid, Effect, Principal, Action, Resource, Condition } = block(value, place, known)
  if (Sid !== undefined && typeof Sid !== "string") throw new Mistake(`${place}: Sid must be text.`)
  if (Effect !== "Allow" && Effect !== "Deny") throw new Mistake(`${place}: Effect must be Allow or Deny.`)
  if (Resource !== undefined) checkResource(texts(Resource, `${place}: Resource`), place, resourceArn)
  return {
    effect: Effect,
    principals: principalsFrom(Principal, `${place}: Principal`),
    actions: [...new Set(texts(Action, `${place}: Action`).flatMap((name) => actionsFrom(name, place)))],
    conditions: Condition === undefined ? [] : conditionsFrom(Condition, `${place}: Condition`),
  }
}

function checkResource(resources: string[], place: string, resourceArn: string): void {
  const other = resources.find((resource) => resource !== "*" && resource !== resourceArn)
  if (other !== undefined) throw new Mistake(`${place}: Resource must be ${resourceArn}, or be left out.`)
}

/** The one service that sends rows here. */
const sendingService = "redshift.amazonaws.com"

function principalsFrom(value: unknown, place: string): PolicyPrincipal[] {
  if (value === "*") return [{ kind: "anyone" }]
  const given = block(value, place, ["AWS", "Service"])
  const services = given.Service === undefined ? [] : texts(given.Service, `${place}.Service`)
  const other = services.find((name) => name !== sendingService)
  if (other !== undefined) throw new Mistake(`${place}.Service must be ${sendingService}.`)
  const accounts = given.AWS === undefined ? [] : texts(given.AWS, `${place}.AWS`)
  const principals: PolicyPrincipal[] = [
    ...services.map(() => ({ kind: "service" }) as const),
    ...accounts.map((name) => accountFrom(name, `${place}.AWS`)),
  ]
  if (principals.length === 0) throw new Mistake(`${place} must name an AWS account or a Service.`)
  return principals
}

function accountFrom(text: string, place: string): PolicyPrincipal {
  if (text === "*") return { kind: "anyone" }
  if (/^[0-9]{12}$/.test(text)) return { kind: "account", account: text, name: undefined }
  const arn = /^arn:aws[a-z-]*:iam::([0-9]{12}):(root|(?:user|role)\/([\w+=,.@/-]{1,512}))$/.exec(text)
  if (arn?.[1] === undefined) {
    throw new Mistake(`${place} must hold an account, arn:aws:iam::<account>:root, …:user/<name> or "*".`)
  }
  return { kind: "account", account: arn[1], name: arn[3] }
}

const actions: Record<string, InboundAction[]> = {
  "redshift:authorizeinboundintegration": ["authorize"],
  "redshift:createinboundintegration": ["create"],
  "redshift:*": ["authorize", "create"],
  "*": ["authorize", "create"],
}

function actionsFrom(name: string, place: string): InboundAction[] {
  const found = Object.hasOwn(actions, name.toLowerCase()) ? actions[name.toLowerCase()] : undefined
  if (found !== undefined) return found
  throw new Mistake(
    `${place}: Action must be redshift:AuthorizeInboundIntegration or redshift:CreateInboundIntegration.`,
  )
}

const operators: Record<string, { like: boolean }> = {
  StringEquals: { like: false },
  StringLike: { like: true },
  // The cloud reads both of these with wildcards.
  ArnEquals: { like: true },
  ArnLike: { like: true },
}

const keys: Record<string, PolicyCondition["key"]> = {
  "aws:sourcearn": "sourceArn",
  "aws:sourceaccount": "sourceAccount",
}

function conditionsFrom(value: unknown, place: string): PolicyCondition[] {
  const given = block(value, place, Object.keys(operators))
  return Object.entries(given).flatMap(([operator, compared]) =>
    Object.entries(block(compared, `${place}.${operator}`, undefined)).map(([name, values]) => {
      const key = Object.hasOwn(keys, name.toLowerCase()) ? keys[name.toLowerCase()] : undefined
      if (key === undefined) throw new Mistake(`${place} may compare aws:SourceArn and aws:SourceAccount.`)
      const like = ownValue(operators, operator)?.like === true
      return { key, values: texts(values, `${place}.${operator}.${name}`), like }
    }),
  )
}

/** An object with no members but those known; any are if none are named. */
function block(value: unknown, place: string, known: string[] | undefined): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Mistake(`${place} must be an object.`)
  }
  const stray = known && Object.keys(value).find((name) => !known.includes(name))
  if (stray !== undefined) {
    throw new Mistake(`${place} may not have ${stray.slice(0, 64)}; it may have ${known?.join(", ")}.`)
  }
  return value as Record<string, unknown>
}

function texts(value: unknown, place: string): string[] {
  const all: unknown[] = Array.isArray(value) ? value : [value]
  if (all.length === 0 || all.length > valuesMax || !all.every((one) => typeof one === "string")) {
    throw new Mistake(`${place} must be text, or a list of up to ${valuesMax} texts.`)
  }
  return all as string[]
}
