import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete"
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands"
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language"
import { type Diagnostic, setDiagnostics } from "@codemirror/lint"
import { Annotation, Compartment, EditorState, type Extension } from "@codemirror/state"
import { drawSelection, EditorView, keymap, placeholder } from "@codemirror/view"
import { tags } from "@lezer/highlight"
import { useEffect, useRef } from "react"
import { cspNonce } from "../api/base-path.ts"

interface CodeEditorProps {
  label: string
  value: string
  onChange(text: string): void
  /** The language; a change of it is taken over. */
  language: Extension
  hint?: string
  /** By Ctrl+Enter or Cmd+Enter. */
  onRun?(): void
  mistakes?: readonly Diagnostic[]
  /** Id of what says more about the text. */
  describedBy?: string
}

/** Colours by the theme's variables, so that both themes have their own. */
const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--busy)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
  { tag: tags.regexp, color: "var(--warn)" },
  { tag: tags.comment, color: "var(--text-2)", fontStyle: "italic" },
  { tag: tags.operator, color: "var(--accent)" },
])

/** A text that came from outside is not told to the outside again. */
const fromOutside = Annotation.define<boolean>()

/** An editor of one language. Tab leaves it: the keyboard is not caught. */
export function CodeEditor(props: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const languages = useRef(new Compartment())
  const latest = useRef(props)
  latest.current = props
  useEffect(() => {
    if (place.current === null) return
    const { value, language } = latest.current
    const extensions = [languages.current.of(language), ...usual(() => latest.current)]
    const opened = new EditorView({
      parent: place.current,
      state: EditorState.create({ doc: value, extensions }),
    })
    view.current = opened
    return () => opened.destroy()
  }, [])
  const { value, language, mistakes } = props
  useEffect(() => {
    view.current?.dispatch({ effects: languages.current.reconfigure(language) })
  }, [language])
  useEffect(() => {
    const opened = view.current
    if (opened === null || opened.state.doc.toString() === value) return
    const changes = { from: 0, to: opened.state.doc.length, insert: value }
    opened.dispatch({ changes, annotations: fromOutside.of(true) })
  }, [value])
  useEffect(() => {
    const opened = view.current
    if (opened === null) return
    const { length } = opened.state.doc
    const within = (mistakes ?? []).map((one) => ({
      ...one,
      from: Math.min(one.from, length),
      to: Math.min(one.to, length),
    }))
    opened.dispatch(setDiagnostics(opened.state, within))
  }, [mistakes])
  return <div className="code-editor" ref={place} />
}

/**
 * Typing over a selection is done here: the browser would keep the look of what it replaces by an inline style, which the page's policy
 * forbids.
 */
const typedOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { inputType, data, isComposing } = event
    const selection = getSelection()
    if (inputType !== "insertText" || data === null || isComposing || selection?.type !== "Range")
      return false
    const range = selection.getRangeAt(0)
    const from = view.posAtDOM(range.startContainer, range.startOffset)
    const to = view.posAtDOM(range.endContainer, range.endOffset)
    const changes = { from, to, insert: data }
    view.dispatch({
      changes,
      selection: { anchor: from + data.length },
      userEvent: "input.type",
      scrollIntoView: true,
    })
    event.preventDefault()
    return true
  },
})

function usual(latest: () => CodeEditorProps): Extension[] {
  const { label, hint, describedBy } = latest()
  const run = () => {
    const { onRun } = latest()
    onRun?.()
    return onRun !== undefined
  }
  return [
    EditorView.cspNonce.of(cspNonce),
    history(),
    drawSelection(),
    closeBrackets(),
    autocompletion(),
    EditorView.lineWrapping,
    typedOver,
    syntaxHighlighting(colours),
    keymap.of([{ key: "Mod-Enter", run }, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
    EditorView.contentAttributes.of({
      "aria-label": label,
      ...(describedBy !== undefined && { "aria-describedby": describedBy }),
    }),
    ...(hint === undefined ? [] : [placeholder(hint)]),
    EditorView.updateListener.of(({ docChanged, transactions, state }) => {
      if (docChanged && !transactions.some((one) => one.annotation(fromOutside)))
        latest().onChange(state.doc.toString())
    }),
  ]
}
