/** Where the exchange ended. */
export type OktaStage = "authentication" | "assertion" | "role"

/**
 * Why there are no keys. `refused`: by the credentials, the application, the role: trying again changes nothing.
 * `unavailable`: a server did not answer as it should.
 */
export type OktaReason = "refused" | "unavailable"

const subjects: Readonly<Record<OktaStage, string>> = {
  authentication: "Okta's primary authentication",
  assertion: "The SAML response of Okta's application",
  role: "AssumeRoleWithSAML",
}

/** No keys were given. The text holds no secret, and nothing that a server chose freely. */
export class OktaFailure extends Error {
  readonly stage: OktaStage
  readonly reason: OktaReason

  /** `what` completes a sentence that begins with the stage: "refused the user name or the password". */
  constructor(stage: OktaStage, reason: OktaReason, what: string) {
    super(`${subjects[stage]} ${what}`)
    this.name = "OktaFailure"
    this.stage = stage
    this.reason = reason
  }
}
