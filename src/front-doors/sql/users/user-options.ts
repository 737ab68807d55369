import type { TokenCursor } from "../../../query/text/token-cursor.ts"
import {
  isUsualVerifier,
  scramVerifier,
  verifierFromText,
  verifierText,
} from "../../../wire/pgwire/admission/scram.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** What CREATE USER and ALTER USER set; what is not named stays. */
export interface UserOptions {
  isSuperuser?: boolean
  canCreateDatabases?: boolean
  /** null: DISABLE. */
  verifier?: string | null
  /** null: for ever. */
  validUntil?: Date | null
}

/** One that PostgreSQL made: with another salt or count of iterations, its login would tell that the user exists. */
function usualVerifier(text: string): string {
  const verifier = verifierFromText(text)
  if (verifier !== undefined && isUsualVerifier(verifier)) return text
  throw new PgError("22023", "this SCRAM-SHA-256 verifier is not as PostgreSQL makes it", {
    hint: "It must have 4096 iterations, a salt of 16 bytes and two keys of 32 bytes, each in base64.",
  })
}

/** The cloud's rule for passwords. */
function verifierOf(password: string): string {
  if (/^SCRAM-SHA-256\$/i.test(password)) return usualVerifier(password)
  if (/^md5[0-9a-f]{32}$/i.test(password) || /^sha256\|/i.test(password)) {
    throw new PgError("0A000", "hashed passwords of this kind are not supported", {
      hint: "The login is SCRAM-SHA-256, which an MD5 or SHA-256 hash cannot serve: give the password itself, a SCRAM-SHA-256$… verifier as PostgreSQL keeps it, or DISABLE.",
    })
  }
  const isFit =
    password.length >= 8 &&
    password.length <= 64 &&
    /[a-z]/.test(password) &&
    /[A-Z]/.test(password) &&
    /\d/.test(password) &&
    !/[\\'"/@\s]/.test(password)
  if (!isFit) {
    throw new PgError("22023", "the password does not meet the rules", {
      hint: "8 to 64 characters, with a lower-case letter, an upper-case letter and a digit, and no quotes, slashes, @ or spaces.",
    })
  }
  return verifierText(scramVerifier(password))
}

const timestampUnitsAtMost = 100

function timestamp(text: string): Date | null {
  if (text.length > timestampUnitsAtMost) throw new PgError("22007", "VALID UNTIL is no point in time")
  if (/^infinity$/i.test(text.trim())) return null
  const isZoned = /(z|[+-]\d\d(:?\d\d)?|utc|gmt)\s*$/i.test(text)
  const at = new Date(isZoned ? text : `${text.trim()} UTC`)
  if (Number.isNaN(at.getTime())) {
    throw new PgError("22007", "VALID UNTIL is no point in time", {
      hint: "For example VALID UNTIL '2030-12-31 23:59:59'; times are UTC. 'infinity' stands for no end.",
    })
  }
  return at
}

function oneOption(cursor: TokenCursor, options: UserOptions): UserOptions {
  if (cursor.take("encrypted", "unencrypted") && !cursor.isWord("password")) throw cursor.unexpected()
  if (cursor.take("password")) {
    return { ...options, verifier: cursor.take("disable", "null") ? null : verifierOf(cursor.string()) }
  }
  if (cursor.take("createuser", "superuser")) return { ...options, isSuperuser: true }
  if (cursor.take("nocreateuser", "nosuperuser")) return { ...options, isSuperuser: false }
  if (cursor.take("createdb")) return { ...options, canCreateDatabases: true }
  if (cursor.take("nocreatedb")) return { ...options, canCreateDatabases: false }
  if (cursor.take("valid")) {
    cursor.expect("until")
    return { ...options, validUntil: timestamp(cursor.string()) }
  }
  if (cursor.isWord("syslog", "in", "connection", "session", "rename", "set", "reset", "external", "sysid")) {
    const what = cursor.word("an option").toUpperCase()
    throw new PgError("0A000", `the user option ${what} is not supported`, {
      hint: "There are PASSWORD, CREATEDB, CREATEUSER, their NO… forms, and VALID UNTIL.",
    })
  }
  throw cursor.unexpected()
}

export function userOptions(cursor: TokenCursor): UserOptions {
  let options: UserOptions = {}
  while (!cursor.isEnd()) options = oneOption(cursor, options)
  return options
}
