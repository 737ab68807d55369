import type { TestContext } from "node:test"
import { atEnd } from "../e2e/clean-up.ts"
import { testDatabase } from "../support/postgres.ts"
import { type TcpProxy, tcpProxy } from "../support/tcp-proxy.ts"

export async function sourceByProxy(
  context: TestContext,
): Promise<{ url: string; direct: string; proxy: TcpProxy }> {
  const { url: direct } = await testDatabase()
  const proxy = await tcpProxy({ host: "127.0.0.1", port: Number(new URL(direct).port) })
  atEnd(context, proxy.close)
  return { url: proxy.through(direct), direct, proxy }
}
