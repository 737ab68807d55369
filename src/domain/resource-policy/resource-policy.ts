/**
 * The policy document of a warehouse: who may have which source feed it. Read strictly: what is not understood is
 * refused when it is put, so that no statement means less than its author thinks.
 */
export interface ResourcePolicy {
  statements: PolicyStatement[]
}

export interface PolicyStatement {
  effect: "Allow" | "Deny"
  principals: PolicyPrincipal[]
  actions: InboundAction[]
  conditions: PolicyCondition[]
}

/** `name`: the access key id that a user or role of an account stands for; undefined means the whole account. */
export type PolicyPrincipal =
  | { kind: "anyone" }
  | { kind: "service" }
  | { kind: "account"; account: string; name: string | undefined }

/** `authorize`: the source may send. `create`: the caller may join them. */
export type InboundAction = "authorize" | "create"

export interface PolicyCondition {
  key: "sourceArn" | "sourceAccount"
  /** With `*` and `?` as wildcards if `like`. Any of them may hold. */
  values: string[]
  like: boolean
}

export interface PolicyRequest {
  action: InboundAction
  /** The service that sends, or the account and access key id of a caller. */
  principal: "service" | { account: string; name: string }
  sourceArn: string
  sourceAccount: string
}

/** `unsaid`: no statement speaks of it. A denial outweighs any permission. */
export type PolicyDecision = "allowed" | "denied" | "unsaid"

export function decide(policy: ResourcePolicy, request: PolicyRequest): PolicyDecision {
  const effects = policy.statements
    .filter((statement) => applies(statement, request))
    .map(({ effect }) => effect)
  if (effects.includes("Deny")) return "denied"
  return effects.includes("Allow") ? "allowed" : "unsaid"
}

function applies({ principals, actions, conditions }: PolicyStatement, request: PolicyRequest): boolean {
  return (
    actions.includes(request.action) &&
    principals.some((principal) => isPrincipal(principal, request.principal)) &&
    conditions.every((condition) => holds(condition, request))
  )
}

function isPrincipal(stated: PolicyPrincipal, actual: PolicyRequest["principal"]): boolean {
  if (stated.kind === "anyone") return true
  if (stated.kind === "service") return actual === "service"
  if (actual === "service" || stated.account !== actual.account) return false
  return stated.name === undefined || stated.name === actual.name
}

function holds({ key, values, like }: PolicyCondition, request: PolicyRequest): boolean {
  const actual = request[key]
  return values.some((value) => (like ? matchesWildcards(value, actual) : value === actual))
}

/** Whether a pattern with `*` and `?` takes the whole text; in time of their product at most. */
export function matchesWildcards(pattern: string, text: string): boolean {
  let at = 0
  let place = 0
  let star = -1
  let starPlace = 0
  while (place < text.length) {
    if (pattern[at] === "*") {
      star = at++
      starPlace = place
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === text[place])) {
      at++
      place++
    } else if (star >= 0) {
      at = star + 1
      place = ++starPlace
    } else {
      return false
    }
  }
  while (pattern[at] === "*") at++
  return at === pattern.length
}
