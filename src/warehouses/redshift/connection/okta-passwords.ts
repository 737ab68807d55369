import type { OktaSignInConfiguration, OktaSignInHost } from "../../../domain/configuration.ts"
import { Problem } from "../../../domain/problems.ts"
import type { OktaUser } from "../../../okta/sign-in.ts"
import type { Login } from "./client.ts"
import { type SignIn, temporaryLogin } from "./sign-in.ts"

/** A user of Okta, and which database of a host is to be entered. */
export interface OktaEntrance {
  user: OktaUser
  host: string
  database: string
  /** Of the database; absent: the one that Okta's application names. */
  databaseUser?: string
}

/**
 * Temporary passwords of the cluster or workgroup at a host, by Okta. A password is kept while it is good; a refusal for some minutes.
 * The result throws Problem warehouseUnavailable.
 */
export function oktaPasswords(
  configuration: OktaSignInConfiguration,
  { user, host, database, databaseUser }: OktaEntrance,
): () => Promise<Login> {
  const at = placeOf(configuration, host)
  if (at === undefined) return refusing(notKnown(host))
  const { region, endpoint } = at
  const { appName, stsEndpoint } = configuration
  const keys: SignIn["keys"] = {
    kind: "okta",
    user: { ...user, ...(appName !== undefined && { appName }) },
    options: stsEndpoint === undefined ? {} : { stsEndpoint },
  }
  const common = { region, keys, ...(endpoint !== undefined && { endpoint }) }
  if ("cluster" in at)
    return temporaryLogin(
      { ...common, kind: "cluster", cluster: at.cluster, ...(databaseUser && { user: databaseUser }) },
      database,
    )
  if (databaseUser !== undefined) return refusing(workgroupAccounts)
  return temporaryLogin({ ...common, kind: "serverless", workgroup: at.workgroup }, database)
}

const workgroupAccounts =
  "A serverless workgroup names the user of a temporary password itself, so that no account of a given name can sign in by Okta: give the account a password (userPassword), or set up with autoBootstrap true."

function notKnown(host: string): string {
  return `Which cluster or workgroup is at ${host} is not known: name it under governance.okta.hosts in millrace.yaml.`
}

function refusing(message: string): () => Promise<Login> {
  return async () => {
    throw new Problem("warehouseUnavailable", message)
  }
}

/** What the configuration says; otherwise what the host's name says, where it is one of the cloud's. (Fact: the forms of its endpoints.) */
function placeOf({ hosts }: OktaSignInConfiguration, host: string): OktaSignInHost | undefined {
  const name = host.toLowerCase()
  const configured = hosts.find((one) => one.host.toLowerCase() === name)
  if (configured !== undefined) return configured
  const [, cluster, ofCluster] =
    /^([a-z0-9-]+)\.[a-z0-9]+\.([a-z0-9-]+)\.redshift\.amazonaws\.com(?:\.cn)?$/.exec(name) ?? []
  if (cluster !== undefined && ofCluster !== undefined) return { host, cluster, region: ofCluster }
  const [, workgroup, ofWorkgroup] =
    /^([a-z0-9-]+)\.\d{12}\.([a-z0-9-]+)\.redshift-serverless\.amazonaws\.com(?:\.cn)?$/.exec(name) ?? []
  if (workgroup !== undefined && ofWorkgroup !== undefined) return { host, workgroup, region: ofWorkgroup }
  return undefined
}
