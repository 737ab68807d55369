import { within } from "../../../../concurrency/deadline.ts"
import { type Address, close, connect, takeOver } from "../../client.ts"
import { problemOf } from "../../errors.ts"
import { newestPlace } from "../../log/log-status.ts"
import { dump, introduce } from "./dump-request.ts"

const answerLimitMs = 5_000
const heartbeatMs = 1_000

/** Ends a stream of this handle that an earlier process, or this one, still has: by coming under its name. */
export async function endStream(address: Address, handle: string): Promise<void> {
  const client = await connect(address)
  try {
    const place = await newestPlace(client)
    await introduce(client, handle, place, heartbeatMs)
    const raw = takeOver(client)
    const answered = new Promise<void>((resolve) => {
      raw.socket.once("data", () => resolve())
      raw.socket.once("close", () => resolve())
    })
    dump(raw, place, handle, "end")
    raw.socket.resume()
    await within(answerLimitMs, answered)
  } catch (error) {
    throw problemOf(error, "ending an earlier stream")
  } finally {
    close(client)
  }
}
