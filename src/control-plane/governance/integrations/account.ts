import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto"
import type { KeyRing } from "../../../encryption/key-ring.ts"
import type { GovernedConfig, SealedAccount } from "../../../governance/setup/integration.ts"
import type { OktaCredentials, ServerCredentials } from "../../../governance/setup/payload.ts"

/**
 * The account that owns the managed objects: named by a person, who gave its password or a user of Okta for it; or after the
 * integration and a few letters of chance.
 */
export type SystemAccount =
  | { user: string; password: string }
  | { user: string; okta: OktaCredentials }
  | OwnAccount

/** Of an automatic set-up. */
export interface OwnAccount {
  suffix: string
  password: string
}

/** (Ours. The suffix: two installations may set up one server.) */
export function systemUserOf(account: SystemAccount, integrationId: number): string {
  return "user" in account ? account.user : `immuta_system_${integrationId}_${account.suffix}`
}

/** With what the account signs in as `systemUser`. */
export function credentialsOf(account: SystemAccount, systemUser: string): ServerCredentials {
  if ("okta" in account) return account.okta
  return { type: "userPassword", username: systemUser, password: account.password }
}

export function newAccount(): OwnAccount {
  return { suffix: randomBytes(4).toString("hex"), password: newPassword() }
}

/** Keeps accounts of governed servers, encrypted under a configured key. */
export interface AccountSafe {
  /** @throws Problem keyNotAccessible */
  seal(account: SystemAccount, config: GovernedConfig): Promise<SealedAccount>
  /** @throws Problem keyNotAccessible */
  open(sealed: SealedAccount, config: GovernedConfig): Promise<SystemAccount>
}

const algorithm = "aes-256-gcm"
const ivBytes = 12

export interface SafeKeys {
  ring: KeyRing
  /** New accounts are sealed under it. */
  keyArn: string
}

/** @param keysOf asked when the first account is sealed or opened: most installations have none, and need no key */
export function accountSafe(keysOf: () => Promise<SafeKeys>): AccountSafe {
  let known: Promise<SafeKeys> | undefined
  const keysAtHand = () => {
    known ??= keysOf()
    return known
  }
  return {
    async seal(account, config) {
      const { ring: keys, keyArn } = await keysAtHand()
      const { key, wrapped } = await keys.newDataKey(keyArn, contextOf(config))
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv(algorithm, key, iv)
      const data = Buffer.concat([cipher.update(JSON.stringify(account), "utf8"), cipher.final()])
      const text = (bytes: Buffer) => bytes.toString("base64")
      return { keyArn, wrapped, iv: text(iv), tag: text(cipher.getAuthTag()), data: text(data) }
    },
    async open(sealed, config) {
      const { ring: keys } = await keysAtHand()
      const key = await keys.openDataKey(sealed.keyArn, contextOf(config), sealed.wrapped)
      const bytes = (text: string) => Buffer.from(text, "base64")
      const decipher = createDecipheriv(algorithm, key, bytes(sealed.iv))
      decipher.setAuthTag(bytes(sealed.tag))
      const text = Buffer.concat([decipher.update(bytes(sealed.data)), decipher.final()]).toString("utf8")
      return JSON.parse(text) as SystemAccount
    },
  }
}

/** An account of one server opens for no other. */
function contextOf({ host, port }: GovernedConfig): Record<string, string> {
  return { purpose: "governance system account", host: host.toLowerCase(), port: String(port) }
}

const passwordBytes = 32

/** Letters of both cases and digits, as servers with rules for passwords want. */
function newPassword(): string {
  return `Aa1${randomBytes(passwordBytes).toString("base64url").replaceAll(/[-_]/g, "x")}`
}

/** A digest that tells whether a secret is the same, and by which nobody can try secrets without the installation's own. */
export function secretDigest(installationSecret: Buffer, ...parts: readonly string[]): string {
  return createHmac("sha256", installationSecret).update(JSON.stringify(parts)).digest("hex")
}
