import { isPermission, permissions } from "../../domain/api-key.ts"
import { plainLine } from "../../domain/text-forms/plain-text.ts"
import { askMillrace, type OperationsRequest } from "../asking/operations-request.ts"
import { type ExitCode, failed, misused, operating } from "../operate.ts"
import { print, printJson } from "../output.ts"
import { textTable } from "../text-table.ts"

/** A key as it comes over the wire. */
interface Told {
  name: string
  permissions: string[]
  createdAt: string
  revokedAt?: string
}

export interface ApiKeyRequest {
  action: string
  name: string | undefined
  permissions: readonly string[]
  json: boolean
  config: string | undefined
}

/** Makes, lists and revokes keys of the governance API, by the Millrace that runs here. */
export async function apiKey(request: ApiKeyRequest): Promise<ExitCode> {
  switch (request.action) {
    case "create":
      return await create(request)
    case "list":
      return await list(request)
    case "revoke":
      return await revoke(request)
    default:
      return misused("api-key takes one of create, list and revoke.")
  }
}

async function create({ name, permissions: wanted, config }: ApiKeyRequest): Promise<ExitCode> {
  const unknown = wanted.find((one) => !isPermission(one))
  if (unknown !== undefined)
    return misused(`There is no permission ${unknown}; there are ${permissions.join(", ")}.`)
  if (name === undefined || wanted.length === 0)
    return misused("api-key create takes --name N and --permission P, which may be given several times.")
  const body = { name, permissions: wanted }
  return await asking<Told & { key: string }>(config, { method: "POST", path: "/api-keys", body }, (made) => {
    print(`API key ${plainLine(made.name)} with ${made.permissions.join(", ")}; it is shown only now:\n`)
    print(`${made.key}\n`)
  })
}

async function list({ name, permissions: wanted, json, config }: ApiKeyRequest): Promise<ExitCode> {
  if (name !== undefined || wanted.length > 0) return misused("api-key list takes no name and no permission.")
  return await asking<{ keys: Told[] }>(config, { method: "GET", path: "/api-keys" }, ({ keys }) => {
    if (json) return printJson(keys)
    const rows = keys.map((key) => [key.name, key.permissions.join(" "), second(key.createdAt), revoked(key)])
    print(
      keys.length === 0 ? "no API keys\n" : textTable(["name", "permissions", "created", "revoked"], rows),
    )
  })
}

async function revoke({ name, permissions: wanted, config }: ApiKeyRequest): Promise<ExitCode> {
  if (name === undefined || wanted.length > 0) return misused("api-key revoke takes --name N.")
  const request: OperationsRequest = { method: "POST", path: "/api-keys/revoke", body: { name } }
  return await asking<{ name: string }>(config, request, () =>
    print(`API key ${plainLine(name)} is revoked.\n`),
  )
}

async function asking<T extends object>(
  config: string | undefined,
  request: OperationsRequest,
  show: (answer: T) => void,
): Promise<ExitCode> {
  return await operating(config, "admin", async (access) => {
    const answer = await askMillrace<T>(access, request)
    if (typeof answer === "string") return failed(answer)
    show(answer)
    return 0
  })
}

function revoked({ revokedAt }: Told): string | null {
  return revokedAt === undefined ? null : second(revokedAt)
}

function second(time: string): string {
  return `${time.slice(0, 19)}Z`
}
