import { Component, type ReactNode } from "react"
import { Button } from "../display/button.tsx"
import { Note } from "../display/notes.tsx"
import { texts } from "../texts.ts"

interface State {
  error: unknown
}

/** A fault of one page leaves the others usable. */
export class FaultBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: undefined }

  static getDerivedStateFromError(error: unknown): State {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === undefined) return this.props.children
    const action = <Button onClick={() => location.reload()}>{texts.errors.reload}</Button>
    return (
      <div className="page" role="alert">
        <Note tone="bad" title={texts.errors.broken} action={action}>
          <p>{texts.errors.brokenDetail}</p>
          <p>
            <code>{String(error)}</code>
          </p>
        </Note>
      </div>
    )
  }
}
