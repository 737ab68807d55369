import {
  CreateIntegrationCommand,
  DeleteIntegrationCommand,
  DescribeIntegrationsCommand,
  type Integration,
  ModifyIntegrationCommand,
  RDSClient,
} from "@aws-sdk/client-rds"
import { waitUntil } from "../support/wait-until.ts"
import { accessKeyId, type Place, region, secretAccessKey, sourceArn, targetArn } from "./place.ts"

export interface Api {
  create(name: string, filter: string, source?: string, target?: string): Promise<string>
  /** The same, encrypted under a key. */
  createKeyed(
    name: string,
    filter: string,
    key: string,
    context: Record<string, string>,
  ): Promise<Integration>
  describe(name: string): Promise<Integration | undefined>
  all(): Promise<Integration[]>
  rename(name: string, to: string): Promise<void>
  /** The status it answers. */
  filter(name: string, filter: string): Promise<string | undefined>
  delete(name: string): Promise<void>
  /** Waits for a status; the errors shown then. */
  becomes(name: string, status: string, timeoutMs?: number): Promise<{ code: string; message: string }[]>
  /** Waits until `code` is among the integration's errors, and answers its message. */
  reports(name: string, code: string, timeoutMs?: number): Promise<string>
  gone(name: string, timeoutMs?: number): Promise<void>
}

/** The official client, as people use it. */
export function apiOf(place: Pick<Place, "httpPort">): Api {
  const client = new RDSClient({
    endpoint: `http://127.0.0.1:${place.httpPort}`,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
  })
  const all = async () => (await client.send(new DescribeIntegrationsCommand({}))).Integrations ?? []
  const describe = async (name: string) => (await all()).find((one) => one.IntegrationName === name)
  const waitFor = async <T>(
    name: string,
    what: string,
    timeoutMs: number,
    found: (one: Integration | undefined) => T | undefined,
  ): Promise<NonNullable<T>> => {
    let last: Integration | undefined
    try {
      return await waitUntil(
        async () => {
          last = await describe(name)
          return found(last)
        },
        { what, timeoutMs },
      )
    } catch (error) {
      const seen = JSON.stringify({ status: last?.Status, errors: last?.Errors })
      throw new Error(`${name} did not come to ${what}; it shows ${seen}`, { cause: error })
    }
  }
  return {
    all,
    describe,
    async create(name, filter, source = sourceArn, target = targetArn) {
      const command = { SourceArn: source, TargetArn: target, IntegrationName: name, DataFilter: filter }
      return (await client.send(new CreateIntegrationCommand(command))).IntegrationArn ?? ""
    },
    async createKeyed(name, filter, key, context) {
      const command = {
        SourceArn: sourceArn,
        TargetArn: targetArn,
        IntegrationName: name,
        DataFilter: filter,
      }
      const encryption = { KMSKeyId: key, AdditionalEncryptionContext: context }
      return await client.send(new CreateIntegrationCommand({ ...command, ...encryption }))
    },
    async rename(name, to) {
      await client.send(new ModifyIntegrationCommand({ IntegrationIdentifier: name, IntegrationName: to }))
    },
    async filter(name, filter) {
      const command = { IntegrationIdentifier: name, DataFilter: filter }
      return (await client.send(new ModifyIntegrationCommand(command))).Status
    },
    async delete(name) {
      await client.send(new DeleteIntegrationCommand({ IntegrationIdentifier: name }))
    },
    becomes: (name, status, timeoutMs = 60_000) =>
      waitFor(name, status, timeoutMs, (one) => (one?.Status === status ? errorsOf(one) : undefined)),
    reports: (name, code, timeoutMs = 60_000) =>
      waitFor(
        name,
        code,
        timeoutMs,
        (one) => one && errorsOf(one).find((error) => error.code === code)?.message,
      ),
    async gone(name, timeoutMs = 60_000) {
      await waitFor(name, "be gone", timeoutMs, (one) => (one === undefined ? true : undefined))
    },
  }
}

function errorsOf(one: Integration): { code: string; message: string }[] {
  return (one.Errors ?? []).map((error) => ({
    code: error.ErrorCode ?? "",
    message: error.ErrorMessage ?? "",
  }))
}
