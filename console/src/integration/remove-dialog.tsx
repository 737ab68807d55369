import { useMutation } from "@tanstack/react-query"
import { useState } from "react"
import { call } from "../api/client.ts"
import type { IntegrationReport } from "../api/types.ts"
import { Button } from "../display/button.tsx"
import { Dialog } from "../display/dialog.tsx"
import { ErrorNote } from "../display/notes.tsx"
import { goTo } from "../shell/router.ts"
import { texts } from "../texts.ts"

const words = texts.integration

interface RemoveDialogProps {
  integration: IntegrationReport
  onClose: () => void
}

/** What goes and what stays, and that the person means this one: its name is typed. */
export function RemoveDialog({ integration: { id, name, pipelines }, onClose }: RemoveDialogProps) {
  const [typed, setTyped] = useState("")
  const removing = useMutation({
    mutationFn: () => call(`integrations/${encodeURIComponent(id)}`, { method: "DELETE" }),
    onSuccess: () => goTo({ page: "overview" }),
  })
  const submit = (
    <Button look="danger" disabled={typed !== name || removing.isPending} onClick={() => removing.mutate()}>
      {removing.isPending ? words.removing : words.removeSubmit}
    </Button>
  )
  return (
    <Dialog title={words.removeTitle(name)} onClose={onClose} closeText={words.cancel} actions={submit}>
      <ul>
        {words.removePreview.map((line) => (
          <li key={line}>{line}</li>
        ))}
        {pipelines.map(({ sourceDatabase, destinationDatabase }) => (
          <li key={destinationDatabase}>{words.keepDatabase(sourceDatabase, destinationDatabase)}</li>
        ))}
      </ul>
      <label className="field">
        {words.removeConfirm}
        <input value={typed} autoComplete="off" onChange={({ target }) => setTyped(target.value)} />
      </label>
      {removing.isError && <ErrorNote error={removing.error} />}
    </Dialog>
  )
}
