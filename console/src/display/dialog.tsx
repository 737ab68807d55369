import { type ReactNode, useEffect, useId, useRef } from "react"
import { texts } from "../texts.ts"
import { Button } from "./button.tsx"

interface DialogProps {
  title: string
  onClose: () => void
  children: ReactNode
  /** Its buttons besides the one that closes it. */
  actions?: ReactNode
  /** `side`: beside the page, for details; otherwise in the middle. */
  place?: "middle" | "side"
  closeText?: string
}

/** The browser's own modal dialog: focus stays inside, Escape closes it, focus goes back. */
export function Dialog({ title, onClose, children, actions, place = "middle", closeText }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog ref={ref} className={`dialog dialog-${place}`} aria-labelledby={titleId} onClose={onClose}>
      <h2 id={titleId}>{title}</h2>
      <div className="dialog-body">{children}</div>
      <div className="dialog-actions">
        <Button onClick={() => ref.current?.close()}>{closeText ?? texts.integration.close}</Button>
        {actions}
      </div>
    </dialog>
  )
}
