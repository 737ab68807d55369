import type { ReactNode } from "react"
import { ApiError } from "../api/client.ts"
import { texts } from "../texts.ts"
import { type Tone, ToneIcon } from "./state-badge.tsx"

interface NoteProps {
  tone: Tone
  title: string
  /** As the API names it; docs/operating/errors.md lists them. */
  code?: string | undefined
  children?: ReactNode
  /** What can be done here and now. */
  action?: ReactNode
}

export function Note({ tone, title, code, children, action }: NoteProps) {
  return (
    <div className={`note tone-${tone}`}>
      <ToneIcon tone={tone} />
      <div className="note-body">
        <p className="note-title">
          {title}
          {code !== undefined && (
            <code className="note-code" title={texts.errors.codes}>
              {code}
            </code>
          )}
        </p>
        {children}
      </div>
      {action !== undefined && <div className="note-action">{action}</div>}
    </div>
  )
}

/** A refusal where it happened, with its code and what can be done. */
export function ErrorNote({ error, action }: { error: unknown; action?: ReactNode }) {
  const message = error instanceof Error ? error.message : String(error)
  const { code, remedy } = error instanceof ApiError ? error : { code: undefined, remedy: null }
  return (
    <div role="alert">
      <Note tone="bad" title={texts.errors.failed} code={code} action={action}>
        <p>{message}</p>
        {remedy !== null && <p className="note-remedy">{remedy}</p>}
      </Note>
    </div>
  )
}

export function EmptyState({ title, detail, action }: { title: string; detail: string; action?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      <p>{detail}</p>
      {action}
    </div>
  )
}
