import { type AssumedRole, assumeRole } from "./assume-role.ts"
import type { Bounds } from "./bounded-request.ts"
import { OktaFailure } from "./failure.ts"
import { sessionToken } from "./primary-authentication.ts"
import { samlResponse } from "./saml-page.ts"
import { grantIn } from "./saml-response.ts"

/** Who signs in, where, and as which role. */
export interface OktaUser {
  username: string
  password: string
  /** The application's id in Okta. */
  appId: string
  /** The kind of application, as Okta's catalog names it; absent: `amazon_aws_redshift`. */
  appName?: string
  /** The organization's host, with a port where it is not 443: `organization.okta.com`. */
  idpHost: string
  /** The role whose keys are asked for: its ARN, or its name where the user has one role of that name. */
  role: string
  /** Absent: an issuer of Okta's own form (`http://www.okta.com/…`), or a URL of `idpHost`. */
  issuer?: string
}

export interface OktaOptions {
  /** Of the cloud's STS. */
  region: string
  /** Absent: STS of the region. https only. */
  stsEndpoint?: string
  /** Certificates of authorities for all servers, PEM; absent: those that the runtime trusts. */
  authorities?: string
  /** For the whole exchange; absent: 30 s. */
  limitMs?: number
}

/** Temporary keys of the role, and the user of the database that Okta's application names. */
export interface OktaSession extends AssumedRole {
  databaseUser?: string
}

const usualLimitMs = 30_000
/** As the cloud's own drivers have it. */
const usualAppName = "amazon_aws_redshift"

const host = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(?::\d{1,5})?$/

/** Whether a text may stand as `idpHost`: a bare host, without scheme, user or path. */
export function isIdpHost(text: string): boolean {
  return host.test(text)
}

/**
 * Signs a user in at Okta and takes on the role: primary authentication → session token → SAML response of the application →
 * AssumeRoleWithSAML. Nothing is kept: who asks again signs in again.
 * @throws OktaFailure
 */
export async function signInByOkta(user: OktaUser, options: OktaOptions): Promise<OktaSession> {
  const { idpHost, appName = usualAppName, appId, role, issuer } = user
  if (!isIdpHost(idpHost))
    throw new OktaFailure("authentication", "refused", "needs a bare host like organization.okta.com.")
  const bounds: Bounds = {
    signal: AbortSignal.timeout(options.limitMs ?? usualLimitMs),
    ...(options.authorities !== undefined && { authorities: options.authorities }),
  }
  const token = await sessionToken(bounds, user)
  const response = await samlResponse(bounds, { idpHost, appName, appId }, token)
  const grant = grantIn(response, { role, issuer, idpHost, nowMs: Date.now() })
  const assumed = await assumeRole(bounds, stsOf(options), grant, response)
  return { ...assumed, ...(grant.databaseUser !== undefined && { databaseUser: grant.databaseUser }) }
}

function stsOf({ region, stsEndpoint }: OktaOptions): URL {
  return new URL(
    stsEndpoint ?? `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`,
  )
}
