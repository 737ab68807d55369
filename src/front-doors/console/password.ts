import { timingSafeEqual } from "node:crypto"
import type { ConsoleAccount } from "../../control-plane/console/accounts.ts"
import {
  phantomVerifier,
  type ScramVerifier,
  saltOf,
  scramVerifier,
  verifierFromText,
} from "../../wire/pgwire/admission/scram.ts"

/** So long that none of them is a person's, so short that deriving it costs little. */
const passwordBytesAtMost = 1_024

/**
 * Whether it is the password by which the user logs in to the SQL port. Who does not exist takes as long.
 * @param secret of the logins, the same in every process
 */
export function isPassword(
  account: ConsoleAccount | undefined,
  { name, password, secret }: { name: string; password: string; secret: Uint8Array },
): boolean {
  if (Buffer.byteLength(password) > passwordBytesAtMost) return false
  const wanted = verifierOf(account, name, secret)
  const given = scramVerifier(password, wanted.salt)
  return timingSafeEqual(given.storedKey, wanted.storedKey) && account !== undefined
}

function verifierOf(account: ConsoleAccount | undefined, name: string, secret: Uint8Array): ScramVerifier {
  if (account?.password !== undefined) return scramVerifier(account.password, saltOf(secret, name))
  return verifierFromText(account?.verifier ?? "") ?? withEqualWork(phantomVerifier(secret, name))
}

/** A configured password is derived for each comparison; a comparison without one must not be quicker. */
function withEqualWork(verifier: ScramVerifier): ScramVerifier {
  scramVerifier("", verifier.salt)
  return verifier
}
