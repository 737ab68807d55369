import { createServer } from "node:net"
import { systemCode } from "../../configuration/setup-error.ts"
import type { HostPort } from "../../domain/configuration.ts"

/** The address itself when it is free; else the same host with port 0, which means any free one. */
export async function freePlace(wanted: HostPort): Promise<HostPort> {
  return (await isFree(wanted)) ? wanted : { ...wanted, port: 0 }
}

function isFree({ host, port }: HostPort): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", (error) =>
      ["EADDRINUSE", "EACCES"].includes(systemCode(error) ?? "") ? resolve(false) : reject(error),
    )
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
