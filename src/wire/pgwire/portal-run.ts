import {
  commandComplete,
  copyData,
  copyDone,
  copyOutResponse,
  dataRows,
  portalSuspended,
} from "./backend-messages.ts"
import type { Portal } from "./session.ts"
import type { Transport } from "./transport.ts"

/** Sends at most `maxRows` rows (0: all), waiting for the client to take each batch before the next is made. */
export async function runPortal(transport: Transport, portal: Portal, maxRows: number): Promise<void> {
  if (portal.copy) return runCopy(transport, portal, portal.copy)
  let sent = 0
  while (maxRows <= 0 || sent < maxRows) {
    const batch = await portal.next(maxRows <= 0 ? Number.MAX_SAFE_INTEGER : maxRows - sent)
    if (!batch) {
      transport.send(commandComplete(portal.tag(sent)))
      return
    }
    sent += batch.rowCount
    transport.send(dataRows(batch))
    await transport.flush()
  }
  transport.send(portalSuspended)
}

/** Row limits mean nothing to COPY. The first batch is made before the client is told that data come: errors are likelier there. */
async function runCopy(
  transport: Transport,
  portal: Portal,
  copy: NonNullable<Portal["copy"]>,
): Promise<void> {
  let batch = await portal.next(Number.MAX_SAFE_INTEGER)
  transport.send(copyOutResponse(copy))
  while (batch) {
    transport.send(copyData(batch.columns[0] ?? []))
    await transport.flush()
    batch = await portal.next(Number.MAX_SAFE_INTEGER)
  }
  transport.send(copyDone)
  transport.send(commandComplete(portal.tag(0)))
}
