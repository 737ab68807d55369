import type { AuditEntry } from "../api/types.ts"
import { Copyable } from "../display/copyable.tsx"
import { Dialog } from "../display/dialog.tsx"
import { Facts } from "../display/facts.tsx"
import { Moment } from "../display/time.tsx"
import { auditTexts as words } from "../texts/administration.ts"
import { callOf, Outcome } from "./audit-columns.tsx"

export function EntryDetails({ entry, onClose }: { entry: AuditEntry; onClose: () => void }) {
  const { at, accessKeyId, policy, address, resource, outcome, requestId, parameters, before, after } = entry
  const { columns } = words
  return (
    <Dialog title={callOf(entry)} onClose={onClose} place="side">
      <p>
        <Outcome outcome={outcome} /> {outcome === undefined && words.unknownOutcomeDetail}
      </p>
      <Facts
        of={[
          [columns.at, <Moment key="at" atMs={Date.parse(at)} />],
          [columns.who, accessKeyId],
          [columns.role, policy],
          [columns.address, address ?? "–"],
          [columns.resource, resource ?? "–"],
          [words.request, <code key="request">{requestId}</code>],
        ]}
      />
      <Json title={words.parameters} value={parameters} />
      <Json title={words.before} value={before} />
      <Json title={words.after} value={after} />
    </Dialog>
  )
}

function Json({ title, value }: { title: string; value: object | undefined }) {
  if (value === undefined) return null
  return (
    <>
      <h3>{title}</h3>
      <Copyable text={JSON.stringify(value, null, 2)} what={title} />
    </>
  )
}
