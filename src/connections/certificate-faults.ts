/** Errors of TLS in words for people: each names its cause, and what ends it. */
import type { PeerCertificate } from "node:tls"
import { systemCode } from "../configuration/setup-error.ts"
import type { TlsSettings } from "../configuration/tls/settings.ts"

/** What is known besides the error. */
export interface TlsScene {
  settings: TlsSettings
  /** As the url has it. */
  host: string
  /** The server's, with those that issued it; undefined: it could not be looked at. */
  certificate?: PeerCertificate | undefined
}

/** What happened and what to do; undefined: the error is not one of TLS. */
export function certificateFault(error: unknown, scene: TlsScene): string | undefined {
  const code = systemCode(error) ?? ""
  return ofServersCertificate(code, scene) ?? ofOurCertificate(code, error, scene) ?? ofHandshake(code, error)
}

function ofServersCertificate(code: string, scene: TlsScene): string | undefined {
  switch (code) {
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
      return `The server's certificate is self-signed${named(scene)}: give that certificate as its own authority (\`ca\`).${instead(scene)}`
    case "SELF_SIGNED_CERT_IN_CHAIN":
      return `The server's certificate was issued by ${rootOf(scene)}, an authority that is not ${trusted(scene)}: give that authority's certificate as \`ca\`.`
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return `The server's certificate was issued by ${issuerOf(scene)}, which is not ${trusted(scene)}: give that authority's certificate as \`ca\`, or have the server send the certificates between.`
    case "CERT_SIGNATURE_FAILURE":
      return `The server's certificate was not signed by the authority ${trustedName(scene)} that has the issuer's name: the authority was made anew, or somebody stands between. Give the authority's present certificate as \`ca\`.`
    case "CERT_HAS_EXPIRED":
      return `${expired(scene)} Have the server's owner renew it.`
    case "CERT_NOT_YET_VALID":
      return `The server's certificate is valid from ${scene.certificate?.valid_from ?? "a later time"} on: compare the clocks of this machine and of who issued it.`
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return wrongName(scene)
    case "CERT_REVOKED":
      return "The server's certificate was revoked by its authority."
    case "INVALID_CA":
    case "INVALID_PURPOSE":
    case "CERT_UNTRUSTED":
    case "CERT_REJECTED":
    case "PATH_LENGTH_EXCEEDED":
    case "CERT_CHAIN_TOO_LONG":
      return `A certificate between the server's and its authority's is not for issuing others (${code}): have the server's owner mend the chain.`
    default:
      return undefined
  }
}

function instead({ settings }: TlsScene): string {
  return settings.mode === "verify-full"
    ? " Or use `mode: require`, which encrypts and verifies nothing."
    : ""
}

function trusted({ settings: { ca } }: TlsScene): string {
  if (ca === undefined) return "among the well-known ones that Millrace trusts by itself"
  return ca === "system" ? "among those of this machine" : `in ${ca}`
}

function trustedName({ settings: { ca } }: TlsScene): string {
  return ca === undefined || ca === "system" ? "of this machine" : `in ${ca}`
}

function named({ certificate }: TlsScene): string {
  const name = certificate && nameOf(certificate.subject)
  return name === undefined ? "" : ` (${name})`
}

function issuerOf({ certificate }: TlsScene): string {
  return quotedName(certificate?.issuer) ?? "an authority"
}

/** The last of the chain that the server sent. */
function rootOf({ certificate }: TlsScene): string {
  let last = certificate
  for (let links = 0; links < 10; links++) {
    const next = (last as { issuerCertificate?: PeerCertificate } | undefined)?.issuerCertificate
    if (next === undefined || next === last || next.fingerprint256 === last?.fingerprint256) break
    last = next
  }
  return quotedName(last?.subject) ?? "an authority"
}

function quotedName(name: PeerCertificate["subject"] | undefined): string | undefined {
  const text = name && nameOf(name)
  return text === undefined ? undefined : `"${text}"`
}

/** Names of certificates may be lists, and are whatever their maker wrote. */
function nameOf(name: PeerCertificate["subject"]): string | undefined {
  const part = name?.CN ?? name?.OU ?? name?.O
  const text = Array.isArray(part) ? part[0] : part
  return text === undefined ? undefined : shortened(String(text))
}

function shortened(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 100)
}

function expired({ certificate }: TlsScene): string {
  const until = certificate?.valid_to
  if (until === undefined) return "The server's certificate has expired."
  return Date.parse(until) < Date.now()
    ? `The server's certificate expired on ${until}.`
    : "A certificate of an authority between the server's and the trusted one has expired."
}

function wrongName({ certificate, host }: TlsScene): string {
  const names = certificateNames(certificate)
  const told = names === undefined ? "is another" : `is ${names}`
  return `The name in the certificate ${told}, not ${host}: connect by a name that it has, have the server's owner issue one for ${host}, or use \`mode: verify-ca\`, which does not look at the name.`
}

const namesAtMost = 5

function certificateNames(certificate: PeerCertificate | undefined): string | undefined {
  if (certificate === undefined) return undefined
  const alternative = (certificate.subjectaltname ?? "")
    .split(", ")
    .map((one) => one.replace(/^(DNS|IP Address):/, ""))
    .filter((one) => one !== "")
  const names = alternative.length > 0 ? alternative : [nameOf(certificate.subject) ?? ""]
  const shown = names.slice(0, namesAtMost).map(shortened).join(", ")
  return names.length > namesAtMost ? `${shown} and ${names.length - namesAtMost} more` : shown
}

/** What the server says of the certificate that we showed, as TLS alerts. */
function ofOurCertificate(code: string, error: unknown, { settings }: TlsScene): string | undefined {
  const told = `${code} ${error instanceof Error ? error.message : ""}`
  if (/CERTIFICATE_REQUIRED|certificate required/i.test(told))
    return "The server demands a client certificate: give `cert` and `key`."
  if (!/ALERT|alert/.test(told)) return undefined
  if (settings.cert === undefined) {
    return /HANDSHAKE_FAILURE|handshake failure/i.test(told)
      ? "The server ended the TLS handshake: it demands a client certificate (`cert` and `key`), or there is no cipher that both sides know."
      : undefined
  }
  if (
    /UNKNOWN_CA|unknown ca|BAD_CERTIFICATE|bad certificate|CERTIFICATE_UNKNOWN|DECRYPT_ERROR|decrypt error/i.test(
      told,
    )
  )
    return `The server does not accept our client certificate (${settings.cert}): it is not from an authority that the server trusts.`
  if (/CERTIFICATE_EXPIRED|certificate expired/i.test(told))
    return `The server does not accept our client certificate (${settings.cert}): it has expired.`
  if (/CERTIFICATE_REVOKED|certificate revoked/i.test(told))
    return `The server does not accept our client certificate (${settings.cert}): it was revoked.`
  return undefined
}

function ofHandshake(code: string, error: unknown): string | undefined {
  const told = `${code} ${error instanceof Error ? error.message : ""}`
  if (/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|unsupported protocol|protocol version/i.test(told))
    return "The server speaks no version of TLS that is safe (1.2 or newer): renew its TLS library, or its setting of least versions."
  if (/^ERR_SSL_(?!.*PASSWORD)|EPROTO/.test(code))
    return `The TLS handshake failed (${code}): versions or ciphers of the two sides do not fit.`
  return undefined
}
