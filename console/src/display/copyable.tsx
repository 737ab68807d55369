import { useState } from "react"
import { texts } from "../texts.ts"
import { Button } from "./button.tsx"

const shownMs = 2_000

/** A statement or command that is to be run elsewhere. */
export function Copyable({ text, what }: { text: string; what: string }) {
  return (
    <div className="copyable">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long statements scroll, and the keyboard must reach that */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  )
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await copyText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), shownMs)
  }
  return (
    <Button look="quiet" aria-label={texts.copy.of(what)} onClick={() => void copy()}>
      <span aria-live="polite">{isCopied ? texts.copy.copied : texts.copy.copy}</span>
    </Button>
  )
}

/** Pages without TLS that are not on loopback have no clipboard of their own: there the selection is copied. */
async function copyText(text: string): Promise<void> {
  if ("clipboard" in navigator) return await navigator.clipboard.writeText(text)
  const field = document.createElement("textarea")
  field.value = text
  document.body.append(field)
  field.select()
  document.execCommand("copy")
  field.remove()
}
