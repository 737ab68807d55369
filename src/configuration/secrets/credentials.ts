import { randomBytes } from "node:crypto"
import { join } from "node:path"
import type { Configuration } from "../../domain/configuration.ts"
import { SetupError } from "../setup-error.ts"
import { makePrivate, readPrivate } from "./private-file.ts"

/** What Millrace made up for itself at its first start, so that a first user need configure nothing. */
export interface GeneratedCredentials {
  accessKeyId: string
  secretAccessKey: string
  region: string
  sqlUser: string
  sqlPassword: string
}

const profile = "millrace"

/** An AWS shared-credentials file, so that SDKs and the CLI can use it as it is. */
export function credentialsPath(dataDir: string): string {
  return join(dataDir, "credentials")
}

/**
 * Reads data_dir/credentials, or makes it (folder 0700, file 0600) if there is none. Of two that make it at once
 * both get the same.
 *
 * @throws SetupError when others may read or replace the file, or when it is not whole.
 */
export async function ensureCredentials(dataDir: string, region: string): Promise<GeneratedCredentials> {
  return (await readCredentials(dataDir)) ?? (await makeCredentials(dataDir, region))
}

/** Undefined when there is no such file. @throws SetupError as ensureCredentials. */
export async function readCredentials(dataDir: string): Promise<GeneratedCredentials | undefined> {
  const path = credentialsPath(dataDir)
  const text = await readPrivate(path, "or remove it, and new credentials are made")
  if (text === undefined) return undefined
  const values = profileValues(text)
  const need = (key: string): string => {
    const value = values.get(key)
    if (value !== undefined && value !== "") return value
    throw new SetupError(
      `${path} has no ${key} in profile [${profile}]: put it back, or remove the file and a new one is made.`,
    )
  }
  return {
    accessKeyId: need("aws_access_key_id"),
    secretAccessKey: need("aws_secret_access_key"),
    region: need("region"),
    sqlUser: need("sql_user"),
    sqlPassword: need("sql_password"),
  }
}

/** The generated key pair and SQL user serve where the configuration names none. */
export function withGenerated(configuration: Configuration, generated: GeneratedCredentials): Configuration {
  const { accessKeyId, secretAccessKey, sqlUser, sqlPassword } = generated
  return {
    ...configuration,
    credentials:
      configuration.credentials.length > 0
        ? configuration.credentials
        : [{ accessKeyId, secretAccessKey, role: "admin" }],
    sqlUsers:
      configuration.sqlUsers.length > 0
        ? configuration.sqlUsers
        : [{ name: sqlUser, password: sqlPassword, role: "admin" }],
  }
}

function profileValues(text: string): Map<string, string> {
  const values = new Map<string, string>()
  let inProfile = false
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim()
    if (trimmed.startsWith("#") || trimmed.startsWith(";")) continue
    if (trimmed.startsWith("[")) inProfile = trimmed === `[${profile}]`
    const equals = trimmed.indexOf("=")
    if (!inProfile || equals === -1) continue
    values.set(trimmed.slice(0, equals).trim(), trimmed.slice(equals + 1).trim())
  }
  return values
}

async function makeCredentials(dataDir: string, region: string): Promise<GeneratedCredentials> {
  await makePrivate(credentialsPath(dataDir), profileText(generate(region)))
  const made = await readCredentials(dataDir)
  if (made === undefined)
    throw new SetupError(`${credentialsPath(dataDir)} was removed while Millrace started: start it again.`)
  return made
}

function generate(region: string): GeneratedCredentials {
  return {
    accessKeyId: `AKID${letters(16)}`,
    secretAccessKey: randomBytes(30).toString("base64url"),
    region,
    sqlUser: "admin",
    sqlPassword: randomBytes(24).toString("base64url"),
  }
}

/** Upper-case letters and 2 to 7, five random bits each. */
function letters(count: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
  return Array.from(randomBytes(count), (byte) => alphabet[byte & 31]).join("")
}

function profileText(generated: GeneratedCredentials): string {
  return [
    "# Made by Millrace at its first start. Remove the file and restart for new ones.",
    `[${profile}]`,
    `aws_access_key_id = ${generated.accessKeyId}`,
    `aws_secret_access_key = ${generated.secretAccessKey}`,
    `region = ${generated.region}`,
    `sql_user = ${generated.sqlUser}`,
    `sql_password = ${generated.sqlPassword}`,
    "",
  ].join("\n")
}
