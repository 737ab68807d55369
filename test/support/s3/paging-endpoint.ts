import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { TestContext } from "node:test"

/**
 * The S3 server behind something that lists page by page: the server's own tokens need a cipher that this runtime has not. A page of
 * ListObjectsV2 becomes one of the older ListObjects, whose marker is the token.
 */
export async function pagingEndpoint(context: TestContext, target: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    const url = new URL(request.url ?? "", target)
    const isList = url.searchParams.get("list-type") === "2"
    if (isList) {
      url.searchParams.set("marker", url.searchParams.get("continuation-token") ?? "")
      for (const name of ["list-type", "continuation-token"]) url.searchParams.delete(name)
    }
    const { host: _, "content-length": __, connection: ___, ...headers } = request.headers
    const answer = await fetch(url, {
      method: request.method ?? "GET",
      headers: headers as Record<string, string>,
      ...(body.length > 0 && { body }),
    })
    const text = await answer.text()
    const last = [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].at(-1)?.[1] ?? ""
    const token = `<NextContinuationToken>${last}</NextContinuationToken></ListBucketResult>`
    const isMore = isList && text.includes("<IsTruncated>true</IsTruncated>")
    response.writeHead(answer.status, { "content-type": "application/xml" })
    response.end(isMore ? text.replace("</ListBucketResult>", token) : text)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  context.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
