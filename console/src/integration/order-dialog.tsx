import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { ApiError } from "../api/client.ts"
import { Button } from "../display/button.tsx"
import { Dialog } from "../display/dialog.tsx"
import { shortCountText } from "../display/formats.ts"
import { ErrorNote, Note } from "../display/notes.tsx"
import { texts } from "../texts.ts"
import { latestVerification, resync, verify } from "./orders.ts"
import type { TableRow } from "./table-rows.ts"
import { verificationKey } from "./verification.tsx"

const words = texts.integration

export interface Order {
  kind: "resync" | "verify"
  tables: readonly TableRow[]
  /** Of the integration: one call instead of one for each table. */
  isAll: boolean
}

interface OrderDialogProps {
  integrationId: string
  order: Order
  onClose: () => void
}

/** What is going to happen, before it does; then how it went. */
export function OrderDialog({ integrationId, order, onClose }: OrderDialogProps) {
  const { kind, tables } = order
  const [repairs, setRepairs] = useState(false)
  const queries = useQueryClient()
  const giving = useMutation({
    mutationFn: () =>
      kind === "resync" ? resyncThese(integrationId, order) : verifyThese(integrationId, order, { repairs }),
    onSettled: () => queries.invalidateQueries({ queryKey: verificationKey(integrationId) }),
  })
  const rows = tables.reduce((sum, { table }) => sum + (table.rows ?? table.estimatedRows), 0)
  const isResync = kind === "resync"
  const start = (
    <Button look="primary" disabled={giving.isPending} onClick={() => giving.mutate()}>
      {giving.isPending ? words.working : words.start}
    </Button>
  )
  return (
    <Dialog
      title={isResync ? words.resyncTitle(tables.length) : words.verifyTitle(tables.length)}
      onClose={onClose}
      closeText={giving.isSuccess ? words.close : words.cancel}
      actions={giving.isSuccess ? undefined : start}
    >
      <ul>
        {(isResync ? words.resyncPreview : words.verifyPreview).map((line) => (
          <li key={line}>{line}</li>
        ))}
        {isResync && <li>{words.resyncRows(shortCountText(rows))}</li>}
      </ul>
      {!isResync && (
        <label className="check">
          <input type="checkbox" checked={repairs} onChange={({ target }) => setRepairs(target.checked)} />
          {words.repair}
        </label>
      )}
      {giving.isError && <ErrorNote error={giving.error} />}
      {giving.isSuccess && <Given {...giving.data} />}
    </Dialog>
  )
}

interface GivenOrder {
  message: string
  refused: { table: string; reason: string }[]
}

function Given({ message, refused }: GivenOrder) {
  return (
    <div role="status" className="attention">
      <Note tone="good" title={message} />
      {refused.map(({ table, reason }) => (
        <Note key={table} tone="warn" title={`${words.refused}: ${table}`}>
          <p>{reason}</p>
        </Note>
      ))}
    </div>
  )
}

async function resyncThese(integrationId: string, { tables, isAll }: Order): Promise<GivenOrder> {
  const answers = isAll
    ? [await resync(integrationId)]
    : await Promise.all(tables.map(({ label }) => resyncOne(integrationId, label)))
  const count = answers.reduce((sum, answer) => sum + answer.tables.length, 0)
  return { message: words.resynced(count), refused: answers.flatMap(({ refused }) => refused) }
}

/** A table that is refused does not keep the others from being copied. */
async function resyncOne(integrationId: string, table: string) {
  try {
    return await resync(integrationId, table)
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "invalidValue") throw error
    return { tables: [], refused: [{ table, reason: error.message }] }
  }
}

const lookEveryMs = 500

/** One verification at a time is what an integration does: one after the other. */
async function verifyThese(
  integrationId: string,
  { tables, isAll }: Order,
  { repairs }: { repairs: boolean },
): Promise<GivenOrder> {
  const orders = isAll ? [{}] : tables.map(({ label }) => ({ table: label }))
  const refused: GivenOrder["refused"] = []
  let equal = 0
  for (const order of orders) {
    let report = await verify(integrationId, { ...order, repair: repairs })
    while (report.state === "running") {
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
      report = await latestVerification(integrationId)
    }
    for (const { schema, name, outcome, reason } of report.tables) {
      if (outcome === "equal") equal++
      else
        refused.push({
          table: `${schema}.${name}`,
          reason: reason ?? words.verifyOutcomes[outcome] ?? outcome,
        })
    }
    if (report.error !== null) refused.push({ table: words.verification, reason: report.error })
  }
  return { message: words.verifyEqual(equal), refused }
}
