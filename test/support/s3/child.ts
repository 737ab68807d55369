/** An S3 server on the folder named, until its standard input ends: says its port. */
import S3rver from "@20minutes/s3rver"

const server = new S3rver({
  address: "127.0.0.1",
  port: 0,
  silent: true,
  allowMismatchedSignatures: true,
  directory: process.argv[2] ?? "",
  configureBuckets: [],
})
const { port } = await server.run()
console.log(port)
process.stdin.resume().on("end", () => process.exit())
