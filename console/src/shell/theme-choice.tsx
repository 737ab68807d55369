import { useState } from "react"
import { texts } from "../texts.ts"
import { chooseTheme, chosenTheme, themes } from "./theme.ts"

export function ThemeChoice() {
  const [theme, setTheme] = useState(chosenTheme)
  return (
    <fieldset className="theme-choice">
      <legend className="visually-hidden">{texts.theme.label}</legend>
      {themes.map((one) => (
        <label key={one}>
          <input
            type="radio"
            name="theme"
            checked={theme === one}
            onChange={() => {
              chooseTheme(one)
              setTheme(one)
            }}
          />
          <span>{texts.theme[one]}</span>
        </label>
      ))}
    </fieldset>
  )
}
