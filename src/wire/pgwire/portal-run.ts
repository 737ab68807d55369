import { commandComplete, dataRows, portalSuspended } from "./backend-messages.ts"
import type { Portal } from "./session.ts"
import type { Transport } from "./transport.ts"

/** Sends at most `maxRows` rows (0: all), waiting for the client to take each batch before the next is made. */
export async function runPortal(transport: Transport, portal: Portal, maxRows: number): Promise<void> {
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
