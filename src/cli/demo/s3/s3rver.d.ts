/** What tests use of it; the package brings no types. */
declare module "@20minutes/s3rver" {
  import type { Server } from "node:http"
  import type { AddressInfo } from "node:net"

  export default class S3rver {
    constructor(options: {
      address: string
      port: number
      silent: boolean
      allowMismatchedSignatures: boolean
      directory: string
      configureBuckets: { name: string; configs: unknown[] }[]
    })
    run(): Promise<AddressInfo>
    /** Set by `run`. */
    httpServer: Server | undefined
    /** Waits until no connection is left, and goes on answering on those that are in use. */
    close(): Promise<void>
  }
}
