import type { Duplex } from "node:stream"
import pg from "pg"

/**
 * The limits we are measured against: clients that read what PostgreSQL sends and throw it away.
 * `copy TABLE`: one COPY in text form. `stream SLOT PUBLICATION LSN`: pgoutput up to a position, in binary, letting
 * frames gather for a while (half as quick again as reading each as it comes: the server writes one for each change).
 */
const [kind = "", url = "", ...rest] = process.argv.slice(2)

function socketOf(client: pg.Client): { socket: Duplex; query(sql: string): void } {
  const { connection } = client as unknown as { connection: { stream: Duplex; query(sql: string): void } }
  connection.stream.removeAllListeners("data")
  return { socket: connection.stream, query: (sql) => connection.query(sql) }
}

async function copy(table: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { socket, query } = socketOf(client)
  const startedMs = performance.now()
  query(`COPY ${table} TO STDOUT`)
  await new Promise<void>((resolve) => {
    // ReadyForQuery is the last thing that comes: Z, length 5, state I.
    socket.on("data", (chunk: Buffer) => {
      if (chunk.length >= 6 && chunk[chunk.length - 6] === 0x5a && chunk[chunk.length - 1] === 0x49) resolve()
    })
  })
  const tookMs = performance.now() - startedMs
  socket.destroy()
  return tookMs
}

const smallReadBytes = 48 * 1024
// Measured with 1, 2, 4, 8, 16 and 30 ms: 160, 180, 247, 263, 275 and 265 thousand changes/s.
const gatherMs = 16

async function stream(slot: string, publication: string, until: bigint): Promise<number> {
  const config: pg.ClientConfig & { replication: string } = { connectionString: url, replication: "database" }
  const client = new pg.Client(config)
  await client.connect()
  const { socket, query } = socketOf(client)
  const startedMs = performance.now()
  query(
    `START_REPLICATION SLOT "${slot}" LOGICAL 0/0 (proto_version '1', publication_names '${publication}', binary 'true')`,
  )
  await new Promise<void>((resolve) => {
    let waiting: Buffer = Buffer.alloc(0)
    socket.on("data", (chunk: Buffer) => {
      const bytes = waiting.length > 0 ? Buffer.concat([waiting, chunk]) : chunk
      let at = 0
      while (at + 5 <= bytes.length) {
        const end = at + 1 + bytes.readInt32BE(at + 1)
        if (end > bytes.length) break
        // CopyData, WAL data, Commit: its end position; or a keep-alive beyond the last one.
        if (bytes[at + 5] === 0x77 && bytes[at + 30] === 0x43 && bytes.readBigUInt64BE(at + 40) >= until)
          resolve()
        if (bytes[at + 5] === 0x6b && bytes.readBigUInt64BE(at + 6) >= until) resolve()
        at = end
      }
      waiting = bytes.subarray(at)
      // What Node has read ahead comes first.
      if (chunk.length >= smallReadBytes || socket.readableLength > 0) return
      socket.pause()
      setTimeout(() => socket.resume(), gatherMs)
    })
  })
  const tookMs = performance.now() - startedMs
  socket.destroy()
  return tookMs
}

const tookMs =
  kind === "copy"
    ? await copy(rest[0] ?? "")
    : await stream(rest[0] ?? "", rest[1] ?? "", BigInt(rest[2] ?? "0"))
process.stdout.write(`${tookMs}\n`)
process.exit(0)
