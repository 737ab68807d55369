import { useMutation, useQueryClient } from "@tanstack/react-query"
import { type FormEvent, useId, useState } from "react"
import { call } from "../api/client.ts"
import { Button } from "../display/button.tsx"
import { Copyable } from "../display/copyable.tsx"
import { Dialog } from "../display/dialog.tsx"
import { ErrorNote, Note } from "../display/notes.tsx"
import { accessTexts as words } from "../texts/administration.ts"
import { keysKey } from "./api-keys.tsx"

const permissions = Object.keys(words.permissionMeaning)

interface MadeKey {
  name: string
  key: string
}

/** Its answer has the secret, which nothing keeps: it is gone when the dialog is closed. */
export function CreateKeyDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const formId = useId()
  const [name, setName] = useState("")
  const [chosen, setChosen] = useState<readonly string[]>(["AUDIT"])
  const making = useMutation({
    mutationFn: () => call<MadeKey>("api-keys", { method: "POST", body: { name, permissions: chosen } }),
    onSettled: () => queries.invalidateQueries({ queryKey: keysKey }),
    gcTime: 0,
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    making.mutate()
  }
  const toggle = (one: string) =>
    setChosen(chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one])
  return (
    <Dialog
      title={words.createTitle}
      onClose={onClose}
      closeText={making.isSuccess ? words.close : words.cancel}
      actions={
        making.isSuccess ? undefined : (
          <Button
            type="submit"
            form={formId}
            look="primary"
            disabled={making.isPending || chosen.length === 0}
          >
            {making.isPending ? words.working : words.createSubmit}
          </Button>
        )
      }
    >
      {making.isSuccess ? (
        <div role="status" className="attention">
          <Note tone="good" title={words.created(making.data.name)}>
            <p>{words.once}</p>
          </Note>
          <Copyable text={making.data.key} what={words.secret} />
        </div>
      ) : (
        <form id={formId} className="form" onSubmit={submit}>
          <label className="field">
            {words.name}
            <input required maxLength={63} value={name} onChange={({ target }) => setName(target.value)} />
          </label>
          <fieldset className="choices">
            <legend>{words.permissions}</legend>
            {permissions.map((one) => (
              <label key={one} className="check">
                <input type="checkbox" checked={chosen.includes(one)} onChange={() => toggle(one)} />
                <span>
                  <code>{one}</code> {words.permissionMeaning[one]}
                </span>
              </label>
            ))}
          </fieldset>
        </form>
      )}
      {making.isError && <ErrorNote error={making.error} />}
    </Dialog>
  )
}

export function RevokeKeyDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const queries = useQueryClient()
  const revoking = useMutation({
    mutationFn: () => call("api-keys/revoke", { method: "POST", body: { name } }),
    onSettled: () => queries.invalidateQueries({ queryKey: keysKey }),
    onSuccess: onClose,
  })
  return (
    <Dialog
      title={words.revokeOf(name)}
      onClose={onClose}
      closeText={words.cancel}
      actions={
        <Button look="danger" disabled={revoking.isPending} onClick={() => revoking.mutate()}>
          {words.revokeSubmit}
        </Button>
      }
    >
      <ul>
        {words.revokePreview.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {revoking.isError && <ErrorNote error={revoking.error} />}
    </Dialog>
  )
}
