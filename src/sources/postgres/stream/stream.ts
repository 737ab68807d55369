import type pg from "pg"
import type { ChangeSink } from "../../../replication/contracts/change-sink.ts"
import type { ChangeStream } from "../../../replication/contracts/source.ts"
import type { CurrentTables } from "../catalog/current-tables.ts"
import { type RawConnection, takeOver } from "../client.ts"
import { lsnOf, positionOfLsn } from "../slot/position.ts"
import type { Beginning } from "../slot/timeline-check.ts"
import type { LateTables } from "../snapshot/late-tables.ts"
import type { PgOutput } from "./pgoutput.ts"
import { type RowForm, speakProtocol } from "./protocol.ts"
import { TextNeeded } from "./row-changes.ts"

export interface StartStream {
  /** Speaks the replication protocol; the stream ends it. */
  client: pg.Client
  handle: string
  beginning: Beginning
  decode: PgOutput
  current: CurrentTables
  late: LateTables
  sink: ChangeSink
  form: RowForm
  /** The stream ends: values have come in binary that only their text form tells. Another, in text, can go on. */
  onTextNeeded(): void
}

/** Streams pgoutput into the decoder, and keeps the server informed. */
export function startStream(options: StartStream): ChangeStream {
  const { client, handle, beginning, decode, current, late, sink, form, onTextNeeded } = options
  const raw = takeOver(client)
  const gate = newGate(raw)
  let acknowledged = beginning.start
  const protocol = speakProtocol(raw, {
    changes(bytes, start, end) {
      const question = decode.message(bytes, start, end)
      if (question === undefined) return undefined
      gate.hold("asking", true)
      return current.answer(question).finally(() => gate.hold("asking", false))
    },
    keepAlive(lsn) {
      if (!decode.inTransaction) sink.caughtUp(decode.caughtUp(lsn))
    },
    chunkRead(bytes) {
      sink.chunkDecoded()
      gate.afterChunk(bytes)
    },
    acknowledged: () => acknowledged,
    isHeld: () => gate.held,
    isExpected(error) {
      if (error instanceof TextNeeded) onTextNeeded()
      return error instanceof TextNeeded
    },
    closed() {
      gate.close()
      current.close()
    },
  })
  decode.goOn(beginning)
  protocol.start(handle, positionOfLsn(beginning.start), form)
  const ask = () => protocol.sendStatus(true)

  return {
    ended: protocol.ended,
    acknowledge(position) {
      const lsn = lsnOf(position)
      if (lsn <= acknowledged) return
      acknowledged = lsn
      protocol.sendStatus()
    },
    pause: () => gate.hold("full", true),
    resume: () => gate.hold("full", false),
    ask,
    overdueMs: protocol.overdueMs,
    ...late.beside({ hold: (held) => gate.hold("including", held), ask }),
    exclude: decode.exclude,
    stop: protocol.cut,
  }
}

type HoldReason = "full" | "including" | "asking"

interface Gate {
  /** True while reading is paused by us: silence of the server is no sign of a dead connection then. */
  readonly held: boolean
  afterChunk(bytes: number): void
  /** Reading is paused while any reason holds. */
  hold(reason: HoldReason, held: boolean): void
  close(): void
}

// Measured: the server writes one small frame per change, and is more than twice as quick when many can gather in the
// socket before we read them; longer than 16 ms gains nothing more. Only when frames follow one another closely, and
// longer only in a backlog: an idle stream must not wait, and a busy one not long.
const smallReadBytes = 48 * 1024
const closeReadsMs = 0.5
const closeReadsInARow = 8
const shortestGatherMs = 1
const longestGatherMs = 16
/** Bytes since the last pause, above which the stream is behind and throughput matters more than latency. */
const backlogBytes = 16 * 1024

function newGate({ socket }: RawConnection): Gate {
  const holds = new Set<HoldReason>()
  let gathering = false
  let gatherMs = shortestGatherMs
  let bytesSincePause = 0
  let closeReads = 0
  let lastReadMs = 0
  let timer: NodeJS.Timeout | undefined
  const turn = () => (holds.size > 0 || gathering ? socket.pause() : socket.resume())
  return {
    get held() {
      return holds.size > 0
    },
    afterChunk(bytes) {
      const now = performance.now()
      closeReads = now - lastReadMs < closeReadsMs ? closeReads + 1 : 0
      lastReadMs = now
      bytesSincePause += bytes
      if (bytes >= smallReadBytes || closeReads < closeReadsInARow) return
      // Bytes that Node has read ahead are decoded before a pause: otherwise each resume would give one small frame.
      if (socket.readableLength > 0) return
      gatherMs = bytesSincePause < backlogBytes ? shortestGatherMs : Math.min(gatherMs * 2, longestGatherMs)
      bytesSincePause = 0
      gathering = true
      turn()
      timer = setTimeout(() => {
        gathering = false
        lastReadMs = performance.now()
        turn()
      }, gatherMs)
    },
    hold(reason, held) {
      if (held) holds.add(reason)
      else holds.delete(reason)
      turn()
    },
    close: () => clearTimeout(timer),
  }
}
